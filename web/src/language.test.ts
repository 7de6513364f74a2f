import { expect, test } from 'vitest';

import { decimal, instant, kilometres, percent, tenThousandYuan, whole } from './language';

test('numbers are written as people read them', () => {
  expect(whole(11935.4)).toBe('11,935');
  expect(decimal(2.345, 2)).toBe('2.35');
  expect(percent(0.82399)).toBe('82.4 %');
  expect(kilometres(2849)).toBe('2.8');
  // 150,298.4 ten-thousand yuan in fen.
  expect(tenThousandYuan(150_298_400_000)).toBe('150,298.4');
});

test('a moment is written by the clock of China', () => {
  expect(instant('2026-11-25T16:59:30.123456789Z')).toBe('2026-11-26 00:59');
});
