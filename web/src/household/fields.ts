// The fields of a household and of a member, as forms, histories and the two sides of a conflict show them. Their names are
// the server's (code list `household_field`).

import type { CodeListName } from '../api/types';

export interface FieldSpec {
  /** Where it stands: `home.grade`. */
  path: string;
  kind: 'code' | 'codes' | 'text' | 'number' | 'hundredths' | 'yuan' | 'flag' | 'date';
  list?: CodeListName;
  /** Shown masked: the form begins empty, and what is left empty stays as it is. */
  masked?: boolean;
}

const coded = (path: string, list: CodeListName): FieldSpec => ({ path, kind: 'code', list });
const plain = (kind: FieldSpec['kind'], ...paths: string[]): FieldSpec[] => paths.map((path) => ({ path, kind }));
const masked = (...paths: string[]): FieldSpec[] => paths.map((path) => ({ path, kind: 'text', masked: true }));

export const HOUSEHOLD_FIELDS = {
  household_facts: [
    coded('category', 'category'), { path: 'causes', kind: 'codes', list: 'cause_of_move' }, ...plain('flag', 'must_move'), coded('urgency', 'urgency'), ...plain('text', 'hazard_point'),
    coded('poverty_attribute', 'poverty_attribute'), coded('poverty_standing', 'poverty_standing'), coded('monitored_class', 'monitored_class'),
    coded('main_cause_of_poverty', 'poverty_cause'), { path: 'other_causes_of_poverty', kind: 'codes', list: 'poverty_cause' }, { path: 'vulnerabilities', kind: 'codes', list: 'vulnerability' },
    ...masked('phone', 'bank_account'), ...plain('flag', 'cooperative_member'), ...masked('helper.name', 'helper.id_number', 'helper.phone'), ...plain('text', 'helper.unit'),
  ],
  home: [
    coded('home.structure', 'structure'), coded('home.grade', 'safety_grade'), ...plain('number', 'home.area_m2', 'home.year_built', 'home.homestead_m2'), ...masked('home.owner'),
    coded('home.listed_village', 'listed_village'), ...plain('flag', 'home.shared_with_stayers'), ...plain('number', 'position.longitude', 'position.latitude'),
  ],
  land_and_living: [
    ...plain('hundredths', 'farmland_mu_hundredths', 'forest_mu_hundredths', 'orchard_mu_hundredths', 'grassland_mu_hundredths', 'water_mu_hundredths'),
    ...plain('number', 'living.road_distance_km'), coded('living.access_road', 'access_road'), ...plain('flag', 'living.water_safe', 'living.water_near', 'living.power'),
    coded('living.fuel', 'fuel'), coded('living.toilet', 'toilet'),
  ],
} satisfies Record<string, FieldSpec[]>;

export const MEMBER_FIELDS: FieldSpec[] = [
  ...masked('name'), coded('relation', 'relation'), coded('sex', 'sex'), { path: 'birth_date', kind: 'date', masked: true },
  coded('id_kind', 'id_kind'), ...masked('id_number'), ...plain('text', 'no_id_reason'), coded('ethnicity', 'ethnicity'), coded('marriage', 'marriage'),
  coded('education', 'education'), coded('school', 'school'), ...plain('text', 'dropout_reason'), { path: 'health', kind: 'codes', list: 'health' },
  coded('disability.class', 'disability_class'), coded('disability.grade', 'disability_grade'), coded('labour', 'labour'),
  coded('work.channel', 'employment_channel'), coded('work.place', 'employment_place'), ...plain('number', 'work.months'), ...plain('yuan', 'work.monthly_wage'), ...plain('text', 'work.skills', 'work.training_wish'),
  coded('medical_insurance', 'medical_insurance'), coded('pension_insurance', 'pension_insurance'), coded('benefit', 'benefit'), ...plain('flag', 'party_member'), coded('military', 'military'),
  ...masked('phone'), ...plain('text', 'hukou_area'), coded('away_reason', 'away_reason'), coded('membership.basis', 'membership_basis'), ...plain('text', 'membership.document'),
];

/** Fields of the server that are given whole: their parts are asked for one by one. */
const WHOLE = ['position', 'helper', 'disability'];

const BY_NAME = new Map<string, FieldSpec>([
  ...Object.values(HOUSEHOLD_FIELDS).flat().map((field): [string, FieldSpec] => [field.path, field]),
  ...MEMBER_FIELDS.map((field): [string, FieldSpec] => [`members.${field.path}`, field]),
  ['consent.choice', coded('choice', 'consent_choice')], ['consent.pathway', coded('pathway', 'pathway')], ['consent.taking', coded('taking', 'consent_taking')], ['consent.signer_role', coded('signer_role', 'signer_role')],
  ['status', coded('status', 'household_status')],
]);

/** The field's name in the code list, whichever member it is of. */
export const fieldName = (path: string) => path.split('.').filter((part) => !/^\d+$|^[0-9a-f]{8}-/.test(part)).join('.');

export const specOf = (path: string) => BY_NAME.get(fieldName(path));

export function read(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, part) => (inner as Record<string, unknown> | null | undefined)?.[part], value);
}

/** A recorded value as the form holds it. */
export function toForm(field: FieldSpec, value: unknown): unknown {
  if (field.masked || value === null || value === undefined) return undefined;
  if (field.kind === 'hundredths' || field.kind === 'yuan') return Number(value) / 100;
  return value;
}

function fromForm(field: FieldSpec, value: unknown): unknown {
  if (value === undefined || value === null || value === '') return field.kind === 'codes' ? [] : null;
  if (field.kind === 'hundredths' || field.kind === 'yuan') return Math.round(Number(value) * 100);
  return value;
}

const same = (one: unknown, other: unknown) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** The values that differ from those recorded, by path. */
export function changedValues(fields: FieldSpec[], recorded: unknown, form: Record<string, unknown>): Record<string, unknown> {
  const changed: Record<string, unknown> = {};
  for (const field of fields) {
    const value = form[field.path];
    const begun = toForm(field, read(recorded, field.path)) ?? (field.kind === 'codes' ? [] : undefined);
    const now = value === '' || value === null ? undefined : value;
    if (field.masked ? now !== undefined : !same(now ?? (field.kind === 'codes' ? [] : undefined), begun)) changed[field.path] = fromForm(field, now);
  }
  return changed;
}

/** Values by path as the merge patch that the API takes. What is given whole takes its other parts from what is recorded. */
export function patchOf(values: Record<string, unknown>, recorded: unknown): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const [first = '', second] = path.split('.');
    if (second === undefined) { patch[first] = value; continue; }
    const begun = WHOLE.includes(first) && !(first in patch) ? { ...(read(recorded, first) as object | null | undefined) } : {};
    patch[first] = { ...begun, ...(patch[first] as object | undefined), [second]: value };
  }
  for (const name of WHOLE) {
    const parts = patch[name];
    if (parts && Object.values(parts).every((part) => part === null || part === undefined)) patch[name] = null;
  }
  return patch;
}
