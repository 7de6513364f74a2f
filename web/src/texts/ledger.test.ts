import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { commands, kinds } from './ledger';

/** The Rust sources of a crate, as one text. */
function sources(crate: string): string {
  const folder = join(import.meta.dirname, '../../../crates', crate, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rs'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

const found = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();

test('every kind of subject on the ledger has a name that people read', () => {
  const known = found(sources('store'), /const KIND: &'static str =\s*"(\w+)"/g);
  expect(known.length).toBeGreaterThan(30);
  expect(known.filter((kind) => !(kind in kinds))).toEqual([]);
  expect(Object.keys(kinds).filter((kind) => !known.includes(kind))).toEqual([]);
});

test('every command on the ledger has a name that people read', () => {
  const text = sources('app');
  const chosen = [...text.matchAll(/let (?:\(command, reason\)|command) = [\s\S]*?;\n/g)].map((match) => match[0]).join('\n');
  const known = [...found(text, /\b(?:caller|operator|visitor|need),\s*"(\w+)"/g), ...found(chosen, /"(\w+)"/g)];
  expect(known.length).toBeGreaterThan(60);
  expect(known.filter((command) => !(command in commands))).toEqual([]);
});
