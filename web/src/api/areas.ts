// The shapes of areas over time.

import type { Area, AreaLevel, Role } from './types';

export interface AreaOverTime extends Area {
  valid_from: string | null;
  valid_to: string | null;
  now: string[];
  former_names: string[];
}

export interface NamedArea {
  code: string;
  name: string;
}

export interface Succession {
  kind: 'renamed' | 'recoded' | 'split' | 'merged';
  date: string;
  document: string;
  areas: NamedArea[];
}

export interface UserPlace {
  id: string;
  name: string;
  display_name: string;
  role: Role;
  from: string;
  to: string | null;
  choices: string[];
}

export interface AreaDetail extends AreaOverTime {
  level: AreaLevel;
  path: string;
  versions: { name: string; valid_from: string | null; valid_to: string | null }[];
  successions: Succession[];
  predecessors: Succession[];
  inside: { code: string; name: string; households: number }[];
  households_outside_them: number;
  users: UserPlace[];
}

export interface NewArea {
  code: string;
  name: string;
  valid_from: string | null;
  document: string;
}

export type AreaChange =
  | { kind: 'rename'; code: string; name: string }
  | { kind: 'recode'; code: string; to: string; name: string | null }
  | { kind: 'split'; code: string; parts: { code: string; name: string; areas: string[]; households: string[] }[] }
  | { kind: 'merge'; codes: string[]; to: string; name: string };

export interface AreaChangeRequest {
  change: AreaChange;
  date: string;
  document: string;
  users?: Record<string, string>;
  fingerprint?: string;
}

export interface AreaChangePreview {
  fingerprint: string;
  moves: { from: NamedArea; to: (NamedArea & { households: number })[] }[];
  households: number;
  users: UserPlace[];
  records: number;
  staying: number;
}

export interface PastPlace {
  area: string;
  area_name: string;
  from: string;
  to: string | null;
}
