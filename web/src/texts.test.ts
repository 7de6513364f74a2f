import { expect, test } from 'vitest';

import { dictionary } from './texts';
import * as access from './texts/access';
import * as areas from './texts/areas';
import * as grid from './texts/grid';
import * as grounds from './texts/grounds';
import * as household from './texts/household';
import * as identification from './texts/identification';
import { commands, kinds } from './texts/ledger';
import { facts } from './texts/lookback';

test('both languages have the same keys and no empty text', () => {
  expect(Object.keys(dictionary.en).sort()).toEqual(Object.keys(dictionary.zh).sort());
  for (const texts of Object.values(dictionary)) for (const text of Object.values(texts)) expect(text.trim()).not.toBe('');
});

test('both languages have the same places for values', () => {
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((match) => match[0]).sort();
  for (const [key, zh] of Object.entries(dictionary.zh)) expect(places(dictionary.en[key as keyof typeof dictionary.en]), key).toEqual(places(zh));
});

test('no file of texts takes the key of another, whose text would silently be shown instead', () => {
  const keys = [access, areas, grid, grounds, household, identification].flatMap(({ zh }) => Object.keys(zh));
  expect(keys.filter((key, place) => keys.indexOf(key) !== place)).toEqual([]);
});

test('Chinese texts have Chinese punctuation', () => {
  // A mark of half width beside a character; addresses, keys and numbers keep theirs.
  const half = /[\u3400-\u9fff][,;:?!]|[,;:?!][\u3400-\u9fff]|\([^()]*[\u3400-\u9fff][^()]*\)/;
  const texts = [...Object.entries(dictionary.zh), ...Object.entries({ ...kinds, ...commands, ...facts }).map(([key, text]): [string, string] => [key, text.zh])];
  expect(texts.filter(([, text]) => half.test(text))).toEqual([]);
});
