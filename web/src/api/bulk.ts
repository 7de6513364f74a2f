// The shapes of bulk changes and saved views.

import type { Text } from './types';

export type BulkState = 'read' | 'asked' | 'approved' | 'refused' | 'withdrawn';
export type BulkStep = 'ask' | 'approve' | 'refuse' | 'withdraw';

export interface SheetColumn {
  field: string;
  member: boolean;
  title: Text;
  personal: boolean;
  clearable: boolean;
  one_value: boolean;
  choices: Text[];
}

export interface BulkChange {
  id: string;
  version: number;
  title: string;
  area: string;
  area_name: string;
  source: 'sheet' | 'edit' | 'undo';
  undoes: string | null;
  undone_by: string | null;
  rows_read: number;
  rows_unchanged: number;
  rows_refused: number;
  households: number;
  fields: { field: string; member: boolean; changes: number }[];
  titles: Text[];
  unknown_columns: string[];
  personal: boolean;
  state: BulkState;
  asked_by: string;
  asked_at: string;
  reason: string | null;
  decision: { by: string; at: string; remark: string | null } | null;
  steps: BulkStep[];
  may_undo: boolean;
}

export interface BulkEdit {
  person: string | null;
  person_name: string | null;
  field: string;
  title: Text;
  before: Text;
  after: Text;
}

export interface BulkRow {
  household: string;
  register_number: string;
  area_name: string;
  edits: BulkEdit[];
}

export interface RefusedRow {
  file: string;
  row: number;
  register_number: string;
  column: string;
  value: string;
  stored: string | null;
  reason: Text;
  remedy: Text;
}

export interface Rows<T> {
  items: T[];
  total: number;
}

/** Households that are named, or all that a list shows. */
export interface Selection {
  households?: string[];
  query?: Record<string, string | boolean | undefined>;
}

export interface Need {
  purpose: string;
  note?: string | undefined;
}

export interface SheetRequest {
  selection: Selection;
  format: 'xlsx' | 'csv';
  part?: 'households' | 'members';
  need?: Need | undefined;
}

export interface SavedView {
  id: string;
  name: string;
  query: string;
}
