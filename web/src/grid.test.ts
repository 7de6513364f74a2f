import { expect, test } from 'vitest';

import { chosenColumns, countPicked, gridKey, isPicked, moved, next, NOTHING, pick, pickPage, toggled } from './grid';

const ALL = ['a', 'b', 'c', 'd'];

test('columns of an address are known ones, each once; without any there are the standard ones', () => {
  expect(chosenColumns('c,x,a,c', ALL, ['a', 'b'])).toEqual(['c', 'a']);
  expect(chosenColumns('x', ALL, ['a', 'b'])).toEqual(['a', 'b']);
  expect(chosenColumns(null, ALL, ['a', 'b'])).toEqual(['a', 'b']);
});

test('columns move within their list and come back at their place', () => {
  expect(moved(['a', 'b', 'c'], 'c', -1)).toEqual(['a', 'c', 'b']);
  expect(moved(['a', 'b'], 'a', -1)).toEqual(['a', 'b']);
  expect(moved(['a', 'b'], 'b', 1)).toEqual(['a', 'b']);
  expect(toggled(['a', 'c'], 'b', ALL)).toEqual(['a', 'b', 'c']);
  expect(toggled(['c', 'a'], 'd', ALL)).toEqual(['c', 'a', 'd']);
  expect(toggled(['b', 'c'], 'a', ALL)).toEqual(['a', 'b', 'c']);
  expect(toggled(['a', 'b'], 'a', ALL)).toEqual(['b']);
  expect(toggled(['b'], 'b', ALL)).toEqual(['b']);
});

test('rows stay picked across pages, and all that match are more than those of a page', () => {
  const first = pickPage(NOTHING, ['1', '2']);
  const second = pick(first, '3', ['3', '4']);
  expect([...(second.all ? [] : second.rows)]).toEqual(['1', '2', '3']);
  expect(countPicked(second, 900)).toBe(3);
  expect(countPicked({ all: true }, 900)).toBe(900);
  expect(isPicked({ all: true }, 'x')).toBe(true);
  expect(pick({ all: true }, '3', ['3', '4'])).toEqual({ all: false, rows: new Set(['4']) });
  expect(pickPage(first, ['1', '2'])).toEqual({ all: false, rows: new Set() });
});

test('keys work the grid but not while somebody types or holds a modifier', () => {
  const key = (name: string, more = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...more });
  expect(gridKey(key('j'), false)).toBe('down');
  expect(gridKey(key('x'), false)).toBe('pick');
  expect(gridKey(key('x'), true)).toBeNull();
  expect(gridKey(key('k', { ctrlKey: true }), false)).toBeNull();
  expect(gridKey(key('q'), false)).toBeNull();
  expect([next(0, -1, 5), next(4, 1, 5), next(2, 1, 5), next(0, 1, 0)]).toEqual([0, 4, 3, 0]);
});
