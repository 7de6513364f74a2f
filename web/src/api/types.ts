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
  | 'succession_kind'
  | 'acceptance_severity'
  | 'acceptance_state'
  | 'evidence_kind'
  | 'hazard_kind'
  | 'hazard_risk'
  | 'hazard_scale'
  | 'hazard_state'
  | 'protected_zone'
  | 'relocation_extent'
  | 'rule_outcome'
  | 'safety_reason'
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
  | 'file_kind'
  | 'application_form'
  | 'identification_level'
  | 'identification_step'
  | 'objection_state'
  | 'step_outcome'
  | 'roster_state'
  | 'key_fact'
  | 'amendment_kind'
  | 'amendment_state'
  | 'bulk_source'
  | 'bulk_state'
  | 'action'
  | 'provider_refusal'
  | 'purpose'
  | 'access_road' | 'away_reason' | 'benefit' | 'consent_taking' | 'disability_class' | 'disability_grade' | 'document_kind' | 'employment_channel' | 'employment_place'
  | 'fuel' | 'household_event' | 'household_field' | 'household_status' | 'id_kind' | 'income_kind' | 'leaving_reason' | 'listed_village' | 'marriage' | 'medical_insurance'
  | 'membership_basis' | 'military' | 'monitored_class' | 'pension_insurance' | 'poverty_standing' | 'school' | 'toilet' | 'vulnerability';

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

export type Action =
  | 'read_register'
  | 'read_casework'
  | 'import_data'
  | 'edit_register'
  | 'run_analysis'
  | 'decide_lookback'
  | 'review_in_village'
  | 'check_in_township'
  | 'decide_in_county'
  | 'draft_roster'
  | 'approve_roster'
  | 'ask_amendment'
  | 'check_amendment'
  | 'ask_bulk_change'
  | 'approve_bulk_change'
  | 'read_ledger'
  | 'manage_users'
  | 'manage_areas'
  | 'record_grounds'
  | 'erase_content'
  | 'unmask_data';

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
  /** Of identification, where it is one. */
  step: string | null;
  count: number;
  /** Since when the oldest waits. */
  since: string | null;
  link: string;
}

/** How far a part of the area has come. */
export interface AreaProgress {
  code: string;
  name: string;
  households: number;
  move: number;
  identified: number;
  on_roster: number;
  /** Only for who may read them. */
  open_items: number | null;
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
  progress: AreaProgress[];
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
  /** Whether there may be more than `total`: a search that finds very many is not counted to its end. */
  at_least: boolean;
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
  status: 'active' | 'merged' | 'cancelled';
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
  birth_date?: string | null;
  id_kind?: string;
  phone?: string;
  work?: { channel?: string; place?: string; months?: number; monthly_wage?: number; skills?: string; training_wish?: string };
  disability?: { class: string; grade: string };
  benefit?: string;
  membership?: { basis: string; document?: string };
  id_number: string | null;
  relation: string;
  ethnicity: string | null;
  education: string | null;
  health: string[];
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
  vulnerabilities: string[];
  events: HouseholdEvent[];
  members: Member[];
  consent: Consent | null;
  identification: Pick<IdentificationCase, 'id' | 'step' | 'taken'>[];
  items: LookbackItem[];
  assignment: Assignment | null;
  /** The roster in force that it is on. */
  roster: { id: string; title: string; number: number; document: string; frozen_at: string | null } | null;
  amendments: Amendment[];
  /** Personal data is shown as it is. */
  unmasked: boolean;
  version: number;
  changed_at: string;
  changed_by: string;
}

export interface KeyFactChange {
  field: string;
  before: Text;
  after: Text;
}

export type RosterState = 'draft' | 'frozen' | 'superseded';

export interface Roster {
  id: string;
  version: number;
  category: string;
  title: string;
  /** Version among the rosters of its category and area. */
  number: number;
  state: RosterState;
  area_name: string;
  households: number;
  persons: number;
  hash: string;
  previous: string | null;
  drafted_by: string;
  drafted_at: string;
  frozen: { by: string; at: string; approver: string; document: string } | null;
  superseded_by: string | null;
}

export interface NewRoster {
  title: string;
  category: string;
  area?: string;
  poverty_attribute?: string;
  choice?: string;
  must_move?: boolean;
  open_items?: boolean;
}

export interface RosterEntry {
  household: string;
  register_number: string;
  head_name: string;
  area_name: string;
  persons: number;
  changes: KeyFactChange[];
}

export interface RosterComparison {
  previous: Roster | null;
  added: number;
  removed: number;
  changed: number;
  unchanged: number;
  added_entries: RosterEntry[];
  removed_entries: RosterEntry[];
  changed_entries: RosterEntry[];
}

export interface PastHousehold extends RosterEntry {
  category: string;
  version: number;
  changed_at: string;
  changed_by: string;
}

export type AmendmentState = 'asked' | 'township_approved' | 'applied' | 'refused';
export type AmendmentDecision = 'township_approve' | 'apply' | 'refuse';

export interface Amendment {
  id: string;
  version: number;
  roster: string;
  household: string;
  register_number: string;
  area: string;
  area_name: string;
  kind: string;
  changes: KeyFactChange[];
  reason: string;
  evidence_name: string | null;
  state: AmendmentState;
  steps: { state: AmendmentState; by: string; at: string; remark: string | null }[];
}

export interface AmendmentRequest {
  household: string;
  kind: string;
  reason: string;
  /** Hash of the stored file. */
  evidence: string;
  changes: Record<string, unknown>[];
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

export type JobKind = 'lookback' | 'land' | 'plan' | 'verify_ledger' | 'identification';
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
  area: string | null;
  reason: string | null;
  /** Whether the state is gone, by erasure on legal order. */
  erased: boolean;
}

/** An entry with what it changed, masked. */
export interface EntryDetail extends LedgerEntry {
  changed: { field: string; before: string | null; after: string | null }[];
  /** Null when the subject was retired here, the state was erased, or it is too large. */
  state: unknown;
  too_large: boolean;
  previous: number | null;
  next: number | null;
  erased_by: number | null;
}

/** The log at one size. */
export interface LogHead {
  size: number;
  root: string;
  note: string | null;
}

/** The proof that the log at one size begins with that at a smaller one. */
export interface ConsistencyProof {
  from: LogHead;
  to: LogHead;
  proof: string[];
  verifying_key: string;
}

/** How checkpoints are kept elsewhere. */
export interface Keeping {
  folder: string;
  minutes: number;
  last: null | { at: string; size: number | null; problem: Text | null };
}

/** An identity at the provider of single sign-on. */
export interface Identity {
  issuer: string;
  subject: string;
}

export interface Checkpoint {
  size: number;
  root: string;
  previous: number;
  key_name: string;
  verifying_key: string;
  note: string;
}

/** The proof that an entry is in the log. */
export interface Inclusion {
  entry: Omit<LedgerEntry, 'at' | 'erased'> & { at: number; commitment: string };
  leaf: string;
  leaf_hash: string;
  proof: string[];
  checkpoint: Checkpoint;
}

export interface Ledger {
  entries: number;
  checkpoint: null | Checkpoint;
  recent: LedgerEntry[];
  kinds: string[];
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
  identity: Identity | null;
  /** Sessions that hold. */
  sessions: number;
}

/** What a role may do, and the levels of area that its users have. */
export interface RoleRights {
  role: Role;
  levels: string[];
  actions: Action[];
}

export interface OwnSession {
  id: string;
  created_at: string;
  expires_at: string;
  /** A day, by the calendar of China. */
  last_used: string | null;
  device: string;
  current: boolean;
  through_provider: boolean;
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
  /** Each field that is wrong. */
  problems?: FieldProblem[];
}

export interface FieldProblem {
  code: string;
  place: string;
  detail: Text;
}

export interface Evidence {
  hash: string;
  name: string;
}

/** What happened to a household as a whole. */
export interface HouseholdEvent {
  kind: string;
  date: string;
  reason: string;
  evidence?: Evidence;
  household?: string;
  register_number?: string;
  area_before?: string;
  after_cut_off?: boolean;
  by: string;
  at: string;
}

export type FieldValues = Record<string, unknown>;

export type MemberChange =
  | { change: 'joins'; facts: FieldValues }
  | { change: 'corrected'; person: string; facts: FieldValues }
  | { change: 'leaves'; person: string; why: string };

export interface Correction {
  facts: FieldValues;
  members: MemberChange[];
  reason: string;
}

export interface Grounds {
  date: string;
  reason: string;
  evidence: string | null;
}

export interface MemberRelation {
  person: string;
  relation: string;
}

export interface IncomeLine {
  kind: string;
  amount: number;
  cost: number;
  source?: string | null;
}

export interface IncomeYear {
  year: number;
  version: number;
  lines: IncomeLine[];
  by_kind: { kind: string; amount: number }[];
  cost: number;
  net: number;
  net_per_person: number | null;
  changed_at: string;
  changed_by: string;
}

export interface MemberException {
  person: string;
  choice: string;
  pathway?: string | null;
  reason?: string | null;
}

export interface NewConsent {
  choice: string;
  pathway?: string | null;
  preferred_township?: string | null;
  preferred_site?: string | null;
  accepts_other_township: boolean;
  exceptions: MemberException[];
  signer: { as: 'member'; person: string } | { as: 'representative'; name: string; basis: string };
  witness?: string | null;
  taking: string;
  date: string;
  evidence?: string | null;
  form?: string | null;
}

export interface ConsentOnRecord {
  id: string;
  stands: boolean;
  consent: Consent & { preferred_site?: string; exceptions?: MemberException[]; witness?: string; taking?: string };
  preferred_township_name: string | null;
  recorded_by: string;
  recorded_at: string;
  withdrawal?: { date: string; reason: string; by: string; at: string };
}

export interface VillageConsent {
  area: string;
  name: string;
  households: number;
  persons: number;
  moving: number;
  staying: number;
  undecided: number;
  unasked: number;
  withdrawn: number;
  by_pathway: { code: string; households: number }[];
}

export interface HouseholdDocument {
  id: string;
  version: number;
  personal: boolean;
  hash: string;
  kind: string;
  name: string;
  media_type: string;
  size: number;
  taken_on?: string;
  position?: Position;
  note?: string;
  added_by: string;
  added_at: string;
  removal?: { reason: string; by: string; at: string };
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

export type IdentificationStep =
  | 'group_review'
  | 'cross_match'
  | 'village_review'
  | 'village_publicity'
  | 'township_check'
  | 'township_publicity'
  | 'county_decision'
  | 'county_publicity'
  | 'announcement'
  | 'announced'
  | 'refused'
  | 'withdrawn';

export type IdentificationLevel = 'village' | 'township' | 'county';

export interface Vote {
  entitled: number;
  present: number;
  in_favour: number;
  against: number;
  abstained: number;
  cross_match_read_out?: boolean;
}

export interface TakenStep {
  step: IdentificationStep;
  outcome: 'passed' | 'returned' | 'refused' | 'withdrawn' | 'taken_back';
  by: string;
  at: string;
  remark: string | null;
  vote: Vote | null;
}

export interface IdentificationCase {
  id: string;
  version: number;
  household: string;
  register_number: string;
  head_name: string;
  area: string;
  area_name: string;
  persons: number;
  category: string;
  step: IdentificationStep;
  notice: string | null;
  open_objections: number;
  blocking_items: number;
  application: { form: string; date: string; witness: string | null; reference?: string | null };
  taken: TakenStep[];
  waiting_since: string;
  days: number;
  due: string | null;
  late: boolean;
  may_take_back: IdentificationStep | null;
}

export interface IdentificationDesk {
  without_case: number;
  steps: { step: IdentificationStep; level: IdentificationLevel | null; cases: number; suspended: number; late: number; days: number | null; mine: boolean }[];
  ready: { step: IdentificationStep; area: string; area_name: string; households: number; mine: boolean }[];
  notices: number;
  notices_run: number;
  objections: number;
}

export interface BatchOutcome {
  done: number;
  refused: { id: string; code: string; detail: Text }[];
}

export interface CasesOpening {
  households?: string[] | undefined;
  area?: string | undefined;
  category?: string | undefined;
  form: string;
  date: string;
  witness?: string | undefined;
  reference?: string | undefined;
}

export interface StepTaking {
  cases?: { id: string; version: number }[] | undefined;
  area?: string | undefined;
  category?: string | undefined;
  search?: string | undefined;
  late?: boolean | undefined;
  step: IdentificationStep;
  what: 'pass' | 'return' | 'refuse' | 'withdraw';
  remark?: string | undefined;
  vote?: Vote | undefined;
}

export interface PublicityNotice {
  id: string;
  version: number;
  kind: 'publicity' | 'announcement';
  number: string | null;
  area: string;
  area_name: string;
  level: IdentificationLevel;
  place: string;
  contact: string;
  from: string;
  until: string;
  has_run: boolean;
  days_left: number;
  households: number;
  mine: boolean;
  photos: { hash: string; media_type: string; taken_on: string; by: string; at: string }[];
  extensions: { from: string; until: string; reason: string; by: string; at: string }[];
  removed: { reason: string; by: string; at: string } | null;
  posted_by: string;
  closed_at: string | null;
  lines: { case: string; head_name: string; area_name: string; persons: number; category: string; pathway: string | null; stands: boolean; open_objections: number }[];
}

export interface Objection {
  id: string;
  version: number;
  notice: string;
  case: string;
  area_name: string;
  head_name: string;
  register_number: string;
  from: string | null;
  content: string;
  received_by: string;
  received_at: string;
  state: 'open' | 'upheld' | 'dismissed';
  answer: string | null;
  decided_by: string | null;
  decided_at: string | null;
}
