import { expect, test } from 'vitest';

import type { User } from './api/types';
import { fits } from './users';

const li: User = {
  id: '1', name: 'li', display_name: '李四', role: 'township_officer', area: '619021101', area_name: '清溪镇', department: null, version: 1, disabled: false, locked_until: null, second_factor: false, identity: null, sessions: 0, may: [], must_change_password: false,
};

test('a user is found by either name, role, area and state', () => {
  expect(fits(li, {})).toBe(true);
  expect(fits(li, { search: 'LI' })).toBe(true);
  expect(fits(li, { search: '李' })).toBe(true);
  expect(fits(li, { search: 'wang' })).toBe(false);
  expect(fits(li, { role: 'inspector' })).toBe(false);
  expect(fits(li, { area: '619021' })).toBe(true);
  expect(fits(li, { area: '619021102' })).toBe(false);
  expect(fits(li, { state: 'active' })).toBe(true);
  expect(fits({ ...li, locked_until: '2026-03-02T01:15:00Z' }, { state: 'locked' })).toBe(true);
  expect(fits({ ...li, disabled: true }, { state: 'active' })).toBe(false);
});
