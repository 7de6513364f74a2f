import { expect, test } from 'vitest';

import { HOUSEHOLD_FIELDS, changedValues, fieldName, patchOf } from './fields';

const recorded = { phone: '139****0001', must_move: true, causes: ['geohazard'], farmland_mu_hundredths: 325, home: { grade: 'D' }, position: { longitude: 108.5, latitude: 33 } };
const fields = Object.values(HOUSEHOLD_FIELDS).flat();
const form = { must_move: true, causes: ['geohazard'], farmland_mu_hundredths: 3.25, 'home.grade': 'D', 'position.longitude': 108.5, 'position.latitude': 33 };

test('what is as it was is not sent, and a masked value that was not typed least of all', () => {
  expect(changedValues(fields, recorded, form)).toEqual({});
});

test('only what was changed is sent, in the units of the API', () => {
  const values = changedValues(fields, recorded, { ...form, phone: '13912340002', farmland_mu_hundredths: 4, 'home.grade': undefined, causes: [] });
  expect(values).toEqual({ phone: '13912340002', farmland_mu_hundredths: 400, 'home.grade': null, causes: [] });
  expect(patchOf(values, recorded)).toEqual({ phone: '13912340002', farmland_mu_hundredths: 400, home: { grade: null }, causes: [] });
});

test('a position is given whole, and taken away whole', () => {
  expect(patchOf({ 'position.longitude': 109 }, recorded)).toEqual({ position: { longitude: 109, latitude: 33 } });
  expect(patchOf({ 'position.longitude': null, 'position.latitude': null }, recorded)).toEqual({ position: null });
});

test('the member is no part of a field’s name', () => {
  expect(fieldName('members.2.name')).toBe('members.name');
  expect(fieldName('members.0192d7a1-0000-7000-8000-000000000001.work.months')).toBe('members.work.months');
  expect(fieldName('members.new.1.name')).toBe('members.new.name');
});
