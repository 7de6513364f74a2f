// The shapes the HTTP API sends and takes. Code-list values travel as codes; money is in fen; times are ISO 8601 in UTC.

export interface Text {
  zh: string;
  en: string;
}

export interface CodeName extends Text {
  code: string;
}

export type CodeListName =
  | 'category'
  | 'cause_of_move'
  | 'urgency'
  | 'poverty_attribute'
  | 'poverty_cause'
  | 'structure'
  | 'safety_grade'
  | 'relation'
  | 'ethnicity'
  | 'education'
  | 'health'
  | 'labour'
  | 'consent_choice'
  | 'pathway'
  | 'sex'
  | 'severity'
  | 'item_state'
  | 'layer_kind'
  | 'verdict'
  | 'tier'
  | 'site_kind'
  | 'job_kind'
  | 'job_state'
  | 'role'
  | 'action'
  | 'purpose'
  | 'file_kind';

export type CodeLists = Record<CodeListName, CodeName[]>;

export type Role =
  | 'administrator'
  | 'province_officer'
  | 'prefecture_officer'
  | 'county_officer'
  | 'township_officer'
  | 'village_officer'
  | 'department_user'
  | 'inspector'
  | 'evaluator'
  | 'public';

export type Action = 'read_register' | 'import_data' | 'run_analysis' | 'decide_lookback' | 'read_ledger' | 'manage_users' | 'unmask_data';

export interface SessionUser {
  id: string;
  name: string;
  display_name: string;
  role: Role;
  area: string;
  must_change_password: boolean;
  /** What the role allows. */
  may: Action[];
}

/** Degrees. */
export type LonLat = [number, number];

export interface Position {
  longitude: number;
  latitude: number;
}

export interface ImportedFile {
  id: string;
  name: string;
  kind: string;
  records_read: number;
  records_accepted: number;
  records_refused: number;
  imported_at: string;
}

export type Stage = 'register' | 'lookback' | 'land' | 'plan';

export interface Waiting {
  stage: Stage;
  key: string;
  count: number;
  link: string;
}

export interface PlanTotals {
  households_to_move: number;
  persons_to_move: number;
  households_placed: number;
  persons_placed: number;
  households_other_pathway: number;
  households_not_moving: number;
  households_unplaced: number;
  sites_opened: number;
  concentration_rate: number;
  own_township_rate: number;
  cohesion: number;
  mean_distance_m: number;
  worst_distance_m: number;
  cost: number;
  budget: number;
  objective: number;
  lower_bound: number;
  gap: number;
}

export interface HouseholdCount {
  code: string;
  households: number;
}

export interface Start {
  county: { code: string; name: string };
  pack: { id: string; name: Text; version: string };
  register: {
    households: number;
    persons: number;
    townships: number;
    villages: number;
    groups: number;
    refused_records: number;
    by_category: HouseholdCount[];
    by_choice: HouseholdCount[];
  };
  lookback: null | {

    open_items: number;
    decided_items: number;
    by_severity: { severity: string; open: number; total: number }[];
  };
  land: null | { made_at: string; area_m2: number; excluded_m2: number; candidates: number };
  plan: null | (PlanTotals & { id: string; made_at: string });
  waiting: Waiting[];
  files: ImportedFile[];
}

export type AreaLevel = 'county' | 'township' | 'village' | 'group';

export interface Area {
  code: string;
  name: string;
  level: AreaLevel;
  parent: string | null;
  households: number;
}

export interface Page<T> {
  items: T[];
  next: string | null;
  total: number;
}

export interface HouseholdDestination {
  to: 'site' | 'pathway' | 'unplaced';
  site?: string;
  site_name?: string;
  pathway?: string;
}

export interface HouseholdSummary {
  id: string;
  register_number: string;
  head_name: string;
  head_id_number: string;
  area: string;
  area_name: string;
  category: string;
  persons: number;
  choice: string | null;
  pathway: string | null;
  must_move: boolean;
  urgency: string | null;
  hazard_point: string | null;
  open_items: number;
  destination: HouseholdDestination | null;
  position: Position | null;
}

export interface Member {
  id: string;
  name: string;
  sex: string;
  birth_month: string | null;
  /** Only when unmasked. */
  birth_date?: string;
  id_number: string | null;
  relation: string;
  ethnicity: string | null;
  education: string | null;
  health: string | null;
  labour: string | null;
}

export interface Consent {
  choice: string;
  pathway: string | null;
  preferred_township: string | null;
  preferred_township_name: string | null;
  accepts_other_township: boolean;
  signer: string;
  date: string;
  evidence: string | null;
}

export interface HouseholdReference {
  id: string;
  register_number: string;
  head_name: string;
}

export type ItemState = 'open' | 'confirmed' | 'dismissed';

export interface LookbackItem {
  id: string;
  version: number;
  rule: string;
  rule_name: Text;
  severity: string;
  area: string;
  area_name: string;
  household: HouseholdReference | null;
  other_household: HouseholdReference | null;
  values: Record<string, string>;
  explanation: Text;
  action: Text;
  probability: number;
  state: ItemState;
  decision_reason: string | null;
  decided_by: string | null;
  decided_at: string | null;
}

interface AssignmentBase {
  id: string;
  plan: string;
  area: string;
  area_name: string;
  households: string[];
  household_count: number;
  persons: number;
  origin: LonLat;
  cost: number;
  next_best: [string, number] | null;
  next_best_name: string | null;
  next_best_extra: number | null;
  site_name: string | null;
  explanation: Text;
}

export type Assignment = AssignmentBase &
  ({ to: 'site'; site: string; distance_m: number } | { to: 'pathway'; pathway: string } | { to: 'unplaced' });

export interface HouseholdDetail extends HouseholdSummary {
  causes: string[];
  poverty_attribute: string | null;
  main_cause_of_poverty: string | null;
  phone: string | null;
  bank_account: string | null;
  farmland_mu_hundredths: number | null;
  home: { structure: string | null; grade: string | null; area_m2: number | null; year_built: number | null };
  members: Member[];
  consent: Consent | null;
  items: LookbackItem[];
  assignment: Assignment | null;
  /** Personal data is shown as it is. */
  unmasked: boolean;
  version: number;
  changed_at: string;
  changed_by: string;
}

export interface HistoryEntry {
  index: number;
  version: number;
  at: string;
  actor: string;
  command: string;
  reason: string | null;
  changed: { field: string; before: unknown; after: unknown }[];
}

export interface TownshipRegisterFigures {
  code: string;
  name: string;
  households: number;
  persons: number;
  move: number;
  stay: number;
  undecided: number;
}

export interface RegisterFigures {
  by_township: TownshipRegisterFigures[];
  by_category: HouseholdCount[];
  by_choice: HouseholdCount[];
  by_pathway: HouseholdCount[];
}

export interface RuleFigures {
  rule: string;
  name: Text;
  severity: string;
  open: number;
  confirmed: number;
  dismissed: number;
}

export interface LookbackFigures {

  by_rule: RuleFigures[];
  by_township: { code: string; name: string; open: number; total: number }[];
}

export interface LandAssessment {
  id: string;
  made_at: string;
  pack: string;
  layers: string[];
  epsg: number;
  size: [number, number];
  cell_m: number;
  area_m2: number;
  excluded_m2: number;
  excluded: { constraint: string; name: Text; area_m2: number; share: number }[];
  candidates: number;
}

export interface LandLayer {
  id: string;
  kind: string;
  source: string;
  source_crs: string;
  features: number;
  imported_at: string;
}

export interface Land {
  assessment: LandAssessment | null;
  layers: LandLayer[];
  bounds: [number, number, number, number] | null;
}

export interface LayerVerdict {
  layer: string;
  name: Text;
  verdict: string;
  overlap_m2: number;
  distance_m: number | null;
  explanation: Text;
}

export interface Candidate {
  id: string;
  assessment: string;
  code: string;
  area: string;
  area_name: string;
  rings: LonLat[][];
  centre: LonLat;
  area_m2: number;
  capacity_households: number;
  slope_percent: number;
  elevation_m: number;
  score: number;
  score_parts: { criterion: string; name: Text; weight: number; membership: number }[];
  anchors: { kind: string; name: string; distance_m: number }[];
  verdicts: LayerVerdict[];
  planned: null | { tier: string | null; households: number };
}

export interface PointVerdict {
  slope_percent: number | null;
  elevation_m: number | null;
  suitability: number | null;
  verdicts: LayerVerdict[];
}

export interface PlannedSite {
  site: string;
  kind: string;
  name: string;
  area: string;
  area_name: string;
  centre: LonLat;
  tier: string | null;
  capacity_households: number;
  households: number;
  persons: number;
  opening_cost: number;
  housing_cost: number;
  facilities: Text[];
  existing_facilities: Text[];
  explanation: Text;
}

export interface Plan {
  id: string;
  made_at: string;
  pack: string;
  assessment: string;
  seed: number;
  totals: PlanTotals;
  sites: PlannedSite[];
  unused: { site: string; name: string; reduced_cost: number }[];
}

export interface TownshipPlanFigures {
  code: string;
  name: string;
  to_move: number;
  placed: number;
  own_township: number;
  other_pathway: number;
  unplaced: number;
}

export interface PlanFigures {
  by_township: TownshipPlanFigures[];
  cost_parts: { key: string; name: Text; amount: number }[];
  distance_histogram: { from_m: number; to_m: number | null; households: number }[];
  by_tier: { tier: string | null; sites: number; households: number }[];
  funds: { source: string; year: number; document: string; amount: number }[];
}

export type JobKind = 'lookback' | 'land' | 'plan' | 'verify_ledger';
export type JobState = 'running' | 'done' | 'failed' | 'cancelled';

export interface Job {
  id: string;
  kind: JobKind;
  state: JobState;
  requested_by: string;
  started_at: string;
  finished_at: string | null;
  error: string | null;
  result: Record<string, unknown> | null;
  /** 0 to 1 while running. */
  progress: number | null;
  step: Text | null;
}

export interface LedgerProblem {
  table: string;
  id: string;
  column: string;
  detail: string;
}

export interface LedgerEntry {
  index: number;
  at: string;
  actor: string;
  command: string;
  kind: string;
  subject: string;
  version: number;
  reason: string | null;
}

export interface Ledger {
  entries: number;
  checkpoint: null | { size: number; root: string; key_name: string; note: string };
  recent: LedgerEntry[];
}

export interface User {
  id: string;
  name: string;
  display_name: string;
  role: Role;
  area: string;
  area_name: string;
  version: number;
  disabled: boolean;
  locked_until: string | null;
  second_factor: boolean;
}

export interface OwnSession {
  id: string;
  created_at: string;
  expires_at: string;
  /** A day, by the calendar of China. */
  last_used: string | null;
  device: string;
  current: boolean;
}

export interface SecondFactor {
  enabled: boolean;
  recovery_codes_left: number;
}

export interface Enrolment {
  secret: string;
  uri: string;
  qr_svg: string;
}

export interface NewUser {
  name: string;
  display_name: string;
  role: Role;
  area: string;
  password: string;
}

export interface ProblemDetails {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  detail_en?: string;
  code?: string;
}

export type FlowProperties = {
  village: string;
  village_name: string;
  site: string;
  site_name: string;
  households: number;
  persons: number;
  distance_m: number;
};

export type CandidateProperties = {
  id: string;
  code: string;
  score: number;
  capacity_households: number;
  area_m2: number;
  planned_households: number | null;
};
