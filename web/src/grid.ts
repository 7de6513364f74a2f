// What a grid remembers and how it is worked by keyboard: columns and their order, picked rows, the row under the cursor.

import { useEffect, useState } from 'react';

/** The columns named in an address or kept from the last time: known ones, each once; all of them when none is left. */
export function chosenColumns(named: string | null | undefined, all: readonly string[], standard: readonly string[]): string[] {
  const wanted = (named ?? '').split(',').filter((key, place, list) => all.includes(key) && list.indexOf(key) === place);
  return wanted.length > 0 ? wanted : [...standard];
}

/** Puts a column one place further to the front (-1) or to the back (1). */
export function moved(columns: string[], key: string, by: -1 | 1): string[] {
  const from = columns.indexOf(key);
  const to = from + by;
  if (from < 0 || to < 0 || to >= columns.length) return columns;
  const after = columns.filter((other) => other !== key);
  after.splice(to, 0, key);
  return after;
}

/** Shows a column at its place in the order of all, or hides it; the last one stays. */
export function toggled(columns: string[], key: string, all: readonly string[]): string[] {
  if (columns.includes(key)) return columns.length > 1 ? columns.filter((other) => other !== key) : columns;
  const before = all.slice(0, all.indexOf(key));
  const place = columns.reduce((last, other, index) => (before.includes(other) ? index + 1 : last), 0);
  return [...columns.slice(0, place), key, ...columns.slice(place)];
}

/** What is picked: single rows, on whatever page they are, or all that match. */
export type Picked = { all: true } | { all: false; rows: ReadonlySet<string> };
export const NOTHING: Picked = { all: false, rows: new Set() };

/** Picks or drops a row. Out of all that match no single one is dropped: that begins anew with the others of the page. */
export function pick(picked: Picked, row: string, page: readonly string[]): Picked {
  const rows = new Set(picked.all ? page : picked.rows);
  if (!rows.delete(row)) rows.add(row);
  return { all: false, rows };
}

/** Picks all rows of a page, or drops them when all are picked. */
export function pickPage(picked: Picked, page: readonly string[]): Picked {
  const rows = new Set(picked.all ? page : picked.rows);
  const whole = page.every((row) => rows.has(row));
  for (const row of page) {
    if (whole) rows.delete(row);
    else rows.add(row);
  }
  return { all: false, rows };
}

export const isPicked = (picked: Picked, row: string): boolean => picked.all || picked.rows.has(row);
export const countPicked = (picked: Picked, total: number): number => (picked.all ? total : picked.rows.size);

/** What a key does in a grid. */
export type GridKey = 'search' | 'down' | 'up' | 'open' | 'pick';

export function gridKey(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>, typing: boolean): GridKey | null {
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case '/': return 'search';
    case 'j': case 'ArrowDown': return 'down';
    case 'k': case 'ArrowUp': return 'up';
    case 'Enter': return 'open';
    case 'x': return 'pick';
    default: return null;
  }
}

/** The row that the cursor goes to. */
export const next = (at: number, by: 1 | -1, rows: number): number => Math.min(Math.max(at + by, 0), Math.max(rows - 1, 0));

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select, [role=combobox], .ant-modal, .ant-drawer, .ant-select-dropdown') !== null);

/** Calls `act` for the keys of a grid while nobody types. A focused link or button keeps its Enter. */
export function useGridKeys(act: (key: GridKey) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const key = gridKey(event, isTyping(event.target));
      if (key === null || (key === 'open' && event.target instanceof HTMLElement && event.target.closest('a, button'))) return;
      event.preventDefault();
      act(key);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [act]);
}

/** A setting of this browser. */
export function useKept<T extends string>(key: string, standard: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => (localStorage.getItem(key) as T | null) ?? standard);
  return [value, (next: T) => { localStorage.setItem(key, next); setValue(next); }];
}

/** Whether the window is as narrow as a phone. */
export function useNarrow(): boolean {
  const query = '(width <= 640px)';
  const [narrow, setNarrow] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const change = () => setNarrow(media.matches);
    media.addEventListener('change', change);
    return () => media.removeEventListener('change', change);
  }, []);
  return narrow;
}
