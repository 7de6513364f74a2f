// The shapes of hazard points, evidence of categories and rules of acceptance.

import type { Position, Text } from './types';

export type HazardState = 'active' | 'monitored' | 'treated' | 'relocated' | 'closed';

export interface HazardFacts {
  code: string;
  name: string | null;
  area: string;
  kind: string;
  scale: string | null;
  risk: string | null;
  state: HazardState;
  extent: 'whole' | 'partial' | null;
  threatened_households: number | null;
  threatened_persons: number | null;
  assessment: { number: string; date: string; cannot_be_made_safe: boolean } | null;
  position: Position | null;
  layer_feature: string | null;
}

export interface HazardPoint extends HazardFacts {
  id: string;
  version: number;
  area_name: string;
  listed: number;
  not_safe: number;
  closing: { asked_by: string; asked_at: string; document: string } | null;
}

export interface PointHousehold {
  id: string;
  register_number: string;
  head_name: string;
  area_name: string;
  category: string;
  must_move: boolean;
  choice: string | null;
  urgency: string | null;
  names_point: boolean;
}

export interface ThreatenedHousehold {
  id: string;
  head_name: string;
  head_id_number: string | null;
  area_name: string;
  persons: number;
  must_move: boolean;
  household: PointHousehold | null;
  safe: { reason: 'moved' | 'treated'; date: string; evidence: string; recorded_by: string } | null;
}

export interface HazardDetail extends HazardPoint {
  threatened: ThreatenedHousehold[];
  unlisted: PointHousehold[];
  figures: { registered: number; not_registered: number; must_move: number; willing: number; moved: number; treated: number; not_safe: number };
  changed_at: string;
  changed_by: string;
}

export type ClosingStep = { step: 'ask'; document: string } | { step: 'approve'; remark?: string } | { step: 'return' | 'reopen'; remark: string };

export interface Attached {
  hash: string;
  name: string;
}

export type CategoryEvidence =
  | { kind: 'department_list_entry'; document: string; office: string; entry: string }
  | { kind: 'hazard_assessment'; number: string; date: string; level: string; cannot_be_made_safe: boolean; attachment: Attached | null }
  | { kind: 'protected_parcel'; reference: string; zone: string; document: string; attachment: Attached | null }
  | { kind: 'project'; name: string; document: string; attachment: Attached | null };

export interface EvidenceRecord {
  id: string;
  version: number;
  editable: boolean;
  evidence: CategoryEvidence;
  recorded_by: string;
  recorded_at: string;
}

export type AcceptanceState = 'accepted' | 'missing' | 'unknown' | 'no_rule';

export interface AcceptanceVerdict {
  state: AcceptanceState;
  findings: {
    rule: string;
    name: Text;
    severity: 'block' | 'ask';
    outcome: 'met' | 'not_met' | 'cannot_decide';
    explanation: Text;
    action: Text;
    values: Record<string, string>;
    missing: string | null;
    cites: string[];
  }[];
  pack: string;
}

export interface AcceptanceRow {
  household: string;
  register_number: string;
  head_name: string;
  area_name: string;
  category: string;
  state: AcceptanceState;
  missing: Text;
}
