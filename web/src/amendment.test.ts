import { expect, test } from 'vitest';

import { changeOf, decisionsOf } from './amendment';
import type { Action, HouseholdDetail } from './api/types';

const household = { home: { structure: 'earth', grade: 'D', area_m2: 80, year_built: 1985 }, position: { longitude: 108.1, latitude: 32.9 } } as HouseholdDetail;
const asked = { kind: 'correction', reason: '…' } as const;

test('what is left empty of a home stays as it is', () => {
  expect(changeOf({ ...asked, field: 'home', home: { grade: 'C' } }, household))
    .toEqual({ field: 'home', new: { structure: 'earth', grade: 'C', area_m2: 80, year_built: 1985, position: { longitude: 108.1, latitude: 32.9 } } });
});

test('a member joins, leaves, or is corrected in what was filled in', () => {
  const members = (more: object) => (changeOf({ ...asked, field: 'members', ...more }, household) as { members?: unknown }).members;
  expect(members({ person: 'new', member: { name: '张小宝', sex: '1', relation: '20', id_number: '' } })).toEqual([{ name: '张小宝', sex: '1', relation: '20' }]);
  expect(members({ person: 'p1', leaves: true, member: { name: '谁' } })).toEqual([{ person: 'p1', leaves: true }]);
  expect(members({ person: 'p1', member: { name: '张三峰', id_number: undefined } })).toEqual([{ person: 'p1', name: '张三峰' }]);
});

test('an account may be taken away', () => {
  expect(changeOf({ ...asked, field: 'bank_account' }, household)).toEqual({ field: 'bank_account', new: null });
});

test('each person is offered the steps that follow and are theirs', () => {
  const county: Action[] = ['approve_roster'];
  const township: Action[] = ['check_amendment'];
  const step = { state: 'asked' as const, by: 'wang', at: '2026-03-02T01:00:00Z', remark: null };
  const asked = { state: 'asked' as const, kind: 'correction' as 'correction' | 'natural_change', steps: [step] };
  expect(decisionsOf(asked, { name: 'li', may: township })).toEqual(['township_approve', 'refuse']);
  expect(decisionsOf(asked, { name: 'zhao', may: county })).toEqual(['refuse']);
  expect(decisionsOf({ ...asked, kind: 'natural_change' }, { name: 'zhao', may: county })).toEqual(['apply', 'refuse']);
  expect(decisionsOf({ ...asked, state: 'township_approved' }, { name: 'zhao', may: county })).toEqual(['apply', 'refuse']);
  expect(decisionsOf({ ...asked, state: 'township_approved' }, { name: 'li', may: township })).toEqual([]);
  expect(decisionsOf(asked, { name: 'wang', may: [...county, ...township] })).toEqual([]);
  expect(decisionsOf({ ...asked, state: 'applied' }, { name: 'zhao', may: county })).toEqual([]);
});
