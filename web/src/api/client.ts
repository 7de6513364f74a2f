// The one place that speaks HTTP: a typed function for each call of the API.

import type { FeatureCollection, LineString, MultiPolygon, Polygon } from 'geojson';

import type { BulkChange, BulkRow, BulkStep, Need, RefusedRow, Rows, SavedView, Selection, SheetColumn, SheetRequest } from './bulk';
import type { AreaChangePreview, AreaChangeRequest, AreaDetail, AreaOverTime, NewArea, PastPlace } from './areas';
import type { AcceptanceRow, AcceptanceVerdict, CategoryEvidence, ClosingStep, EvidenceRecord, HazardDetail, HazardFacts, HazardPoint } from './grounds';
import type {
  Amendment,
  AmendmentDecision,
  AmendmentRequest,
  Area,
  Assignment,
  BatchOutcome,
  Candidate,
  CandidateProperties,
  CasesOpening,
  Checkpoint,
  CodeLists,
  ConsistencyProof,
  Enrolment,
  EntryDetail,
  FlowProperties,
  HistoryEntry,
  HouseholdDetail,
  VillageConsent,
  NewConsent,
  MemberRelation,
  IncomeYear,
  IncomeLine,
  HouseholdDocument,
  Grounds,
  FieldValues,
  FieldProblem,
  ConsentOnRecord,
  Correction,
  HouseholdSummary,
  IdentificationCase,
  IdentificationDesk,
  IdentificationStep,
  Identity,
  Inclusion,
  ItemState,
  Job,
  JobKind,
  Keeping,
  Land,
  Ledger,
  LedgerEntry,
  LookbackFigures,
  LookbackItem,
  NewRoster,
  NewUser,
  Objection,
  OwnSession,
  Page,
  PastHousehold,
  Plan,
  PlanFigures,
  PointVerdict,
  ProblemDetails,
  PublicityNotice,
  RegisterFigures,
  Roster,
  RosterComparison,
  RosterEntry,
  Role,
  RoleRights,
  SecondFactor,
  SessionUser,
  Start,
  StepTaking,
  User,
} from './types';

const BASE = '/api/v1';

/** Values that are undefined or empty are left out of the address. */
export type Query = Record<string, string | number | boolean | null | undefined>;

/** A refusal by the server, or a connection that failed (`status` 0, code `offline`). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly zh: string | undefined;
  readonly en: string | undefined;
  /** Each field that is wrong. */
  readonly problems: FieldProblem[];

  constructor(status: number, details: ProblemDetails) {
    super(details.detail ?? details.title ?? `HTTP ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = details.code ?? (status === 404 ? 'not_found' : status === 403 ? 'forbidden' : 'unknown');
    this.zh = details.detail;
    this.en = details.detail_en ?? details.detail;
    this.problems = details.problems ?? [];
  }
}

/** The address of a call, for links that download a file and for map tiles. */
export function address(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') parameters.set(key, String(value));
  }
  const text = parameters.toString();
  return text === '' ? `${BASE}${path}` : `${BASE}${path}?${text}`;
}

async function call<T>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options: { query?: Query; body?: unknown; file?: Blob; headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(address(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      body: options.file ?? (options.body === undefined ? null : JSON.stringify(options.body)),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, { code: 'offline' });
  }
  if (!response.ok) throw new Problem(response.status, await problemDetails(response));
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** A stored file. */
async function blob(path: string): Promise<Blob> {
  const response = await fetch(address(path), { credentials: 'same-origin' }).catch(() => { throw new Problem(0, { code: 'offline' }); });
  if (!response.ok) throw new Problem(response.status, await problemDetails(response));
  return response.blob();
}

/** The answer to a request that is too large for an address. */
async function posted(path: string, query: Query, body: unknown): Promise<Response> {
  const response = await fetch(address(path, query), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    credentials: 'same-origin',
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Problem(0, { code: 'offline' });
  });
  if (!response.ok) throw new Problem(response.status, await problemDetails(response));
  return response;
}

/** A file that a call answers with. */
const download = async (path: string, query: Query, body: unknown): Promise<Blob> => (await posted(path, query, body)).blob();

/** A file that the browser saves under the name it comes with. */
async function file(path: string, body: unknown): Promise<void> {
  const response = await posted(path, {}, body);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'export';
  link.click();
  URL.revokeObjectURL(link.href);
}

async function problemDetails(response: Response): Promise<ProblemDetails> {
  try {
    return (await response.json()) as ProblemDetails;
  } catch {
    // A proxy in between may answer in HTML; the status then says all there is.
    return {};
  }
}

const part = encodeURIComponent;

/** The version seen of what is to be changed. */
const seen = (version: number) => ({ 'If-Match': `"${version}"` });

export const api = {
  codeLists: () => call<CodeLists>('GET', '/code-lists'),

  session: () => call<SessionUser>('GET', '/session'),
  signIn: (name: string, password: string, code?: string) =>
    call<SessionUser>('POST', '/session', { body: { name, password, code } }),
  /** Where a provider vouched for the user, the answer says where to sign out of it. */
  signOut: () => call<{ provider_address: string } | undefined>('DELETE', '/session'),
  changePassword: (current: string, next: string) =>
    call<void>('POST', '/session/password', { body: { current, new: next } }),
  sessions: () => call<OwnSession[]>('GET', '/sessions'),
  endSession: (id: string) => call<void>('DELETE', `/sessions/${part(id)}`),
  endOtherSessions: () => call<{ ended: number }>('DELETE', '/sessions'),
  secondFactor: () => call<SecondFactor>('GET', '/session/second-factor'),
  enrolSecondFactor: (password: string) => call<Enrolment>('POST', '/session/second-factor', { body: { password } }),
  confirmSecondFactor: (code: string) =>
    call<{ recovery_codes: string[] }>('POST', '/session/second-factor/confirm', { body: { code } }),
  disableSecondFactor: (password: string) => call<void>('POST', '/session/second-factor/disable', { body: { password } }),

  start: () => call<Start>('GET', '/start'),
  areas: () => call<Area[]>('GET', '/areas'),

  households: (query: Query, signal?: AbortSignal) =>
    call<Page<HouseholdSummary>>('GET', '/register/households', { query, signal }),
  household: (id: string) => call<HouseholdDetail>('GET', `/register/households/${part(id)}`),
  unmaskedCard: (id: string, language: string, need: { purpose: string; note?: string }) =>
    download(`/register/households/${part(id)}/card.pdf`, { language }, need),
  unmaskHousehold: (id: string, purpose: string, note: string) =>
    call<HouseholdDetail>('POST', `/register/households/${part(id)}/unmask`, { body: { purpose, note } }),
  householdHistory: (id: string) => call<HistoryEntry[]>('GET', `/register/households/${part(id)}/history`),
  registerFigures: (query: Query) => call<RegisterFigures>('GET', '/register/figures', { query }),

  identification: (query: Query) => call<IdentificationDesk>('GET', '/register/identification', { query }),
  cases: (query: Query, signal?: AbortSignal) =>
    call<Page<IdentificationCase>>('GET', '/register/identification/cases', { query, signal }),
  openCases: (opening: CasesOpening) => call<BatchOutcome>('POST', '/register/identification/cases', { body: opening }),
  takeLargeStep: (taking: StepTaking) => call<Job>('POST', '/register/identification/batches', { body: taking }),
  takeBack: (cases: { id: string; version: number }[], step: IdentificationStep, reason: string) =>
    call<BatchOutcome>('POST', '/register/identification/corrections', { body: { cases, step, reason } }),
  takeStep: (taking: StepTaking) => call<BatchOutcome>('POST', '/register/identification/steps', { body: taking }),
  notices: (query: Query) => call<Page<PublicityNotice>>('GET', '/register/identification/notices', { query }),
  notice: (id: string) => call<PublicityNotice>('GET', `/register/identification/notices/${part(id)}`),
  postNotice: (notice: { kind?: PublicityNotice['kind']; area: string; place: string; contact: string; from?: string | undefined }) =>
    call<PublicityNotice>('POST', '/register/identification/notices', { body: notice }),
  closeNotice: (id: string) => call<BatchOutcome>('POST', `/register/identification/notices/${part(id)}/closing`, { body: {} }),
  extendNotice: (notice: Pick<PublicityNotice, 'id' | 'version'>, from: string, reason: string) =>
    call<PublicityNotice>('POST', `/register/identification/notices/${part(notice.id)}/extension`, {
      headers: { 'If-Match': `"${notice.version}"` },
      body: { from, reason },
    }),
  takeDownNotice: (notice: Pick<PublicityNotice, 'id' | 'version'>, reason: string) =>
    call<PublicityNotice>('POST', `/register/identification/notices/${part(notice.id)}/removal`, {
      headers: { 'If-Match': `"${notice.version}"` },
      body: { reason },
    }),
  addNoticePhoto: (notice: string, taken_on: string, file: Blob) =>
    call<PublicityNotice>('POST', `/register/identification/notices/${part(notice)}/photos`, {
      query: { taken_on },
      headers: { 'content-type': file.type },
      file,
    }),
  object: (notice: string, objection: { case: string; from?: string | undefined; content: string }) =>
    call<Objection>('POST', `/register/identification/notices/${part(notice)}/objections`, { body: objection }),
  objections: (query: Query) => call<Page<Objection>>('GET', '/register/identification/objections', { query }),
  answerObjection: (objection: Pick<Objection, 'id' | 'version'>, upheld: boolean, answer: string) =>
    call<Objection>('POST', `/register/identification/objections/${part(objection.id)}/decision`, {
      headers: { 'If-Match': `"${objection.version}"` },
      body: { upheld, answer },
    }),
  rosters: (query: Query) => call<Page<Roster>>('GET', '/register/rosters', { query }),
  draftRoster: (roster: NewRoster) => call<Roster>('POST', '/register/rosters', { body: roster }),
  compareRoster: (id: string) => call<RosterComparison>('GET', `/register/rosters/${part(id)}/comparison`),
  freezeRoster: (roster: Pick<Roster, 'id' | 'version'>, approver: string, document: string) =>
    call<Roster>('POST', `/register/rosters/${part(roster.id)}/freezing`, {
      headers: { 'If-Match': `"${roster.version}"` },
      body: { approver, document },
    }),
  registerAsOf: (query: Query) => call<Page<PastHousehold>>('GET', '/register/as-of', { query }),
  amendments: (query: Query) => call<Page<Amendment>>('GET', '/register/amendments', { query }),
  askAmendment: (request: AmendmentRequest) => call<Amendment>('POST', '/register/amendments', { body: request }),
  decideAmendment: (amendment: Pick<Amendment, 'id' | 'version'>, decision: AmendmentDecision, remark: string) =>
    call<Amendment>('POST', `/register/amendments/${part(amendment.id)}/decision`, {
      headers: { 'If-Match': `"${amendment.version}"` },
      body: { decision, remark: remark.trim() || null },
    }),
  storeEvidence: (file: File) =>
    call<{ hash: string; name: string }>('POST', '/register/evidence', { query: { name: file.name }, file }),

  lookbackItems: (query: Query, signal?: AbortSignal) =>
    call<Page<LookbackItem>>('GET', '/lookback/items', { query, signal }),
  lookbackFigures: (query: Query) => call<LookbackFigures>('GET', '/lookback/figures', { query }),
  decide: (item: Pick<LookbackItem, 'id' | 'version'>, state: ItemState, reason: string) =>
    call<LookbackItem>('POST', `/lookback/items/${part(item.id)}/decision`, {
      headers: { 'If-Match': `"${item.version}"` },
      body: { state, reason },
    }),

  land: () => call<Land | null>('GET', '/land'),
  candidates: (query: Query) => call<Candidate[]>('GET', '/land/candidates', { query }),
  candidate: (id: string) => call<Candidate>('GET', `/land/candidates/${part(id)}`),
  candidateShapes: () =>
    call<FeatureCollection<Polygon | MultiPolygon, CandidateProperties>>('GET', '/land/candidates.geojson'),
  landAt: (longitude: number, latitude: number) =>
    call<PointVerdict>('GET', '/land/at', { query: { longitude: longitude.toFixed(6), latitude: latitude.toFixed(6) } }),

  plan: () => call<Plan | null>('GET', '/plan'),
  planFigures: () => call<PlanFigures | null>('GET', '/plan/figures'),
  assignments: (query: Query, signal?: AbortSignal) =>
    call<Page<Assignment>>('GET', '/plan/assignments', { query, signal }),
  flows: () => call<FeatureCollection<LineString, FlowProperties>>('GET', '/plan/flows.geojson'),

  job: (id: string) => call<Job>('GET', `/jobs/${part(id)}`),
  jobs: () => call<Job[]>('GET', '/jobs'),
  startJob: (kind: JobKind) => call<Job>('POST', '/jobs', { body: { kind } }),
  cancelJob: (id: string) => call<void>('DELETE', `/jobs/${part(id)}`),

  ledger: () => call<Ledger>('GET', '/ledger'),
  ledgerEntries: (query: Query) => call<LedgerEntry[]>('GET', '/ledger/entries', { query }),
  proof: (index: number) => call<Inclusion>('GET', `/ledger/entries/${index}/proof`),

  users: () => call<User[]>('GET', '/users'),
  createUser: (user: NewUser) => call<User>('POST', '/users', { body: user }),
  editUser: (user: Pick<User, 'id' | 'version'>, place: { role: Role; area: string; display_name: string }) =>
    call<User>('PATCH', `/users/${part(user.id)}`, { headers: { 'If-Match': `"${user.version}"` }, body: place }),
  unlockUser: (id: string) => call<User>('POST', `/users/${part(id)}/unlock`),
  disableUser: (id: string) => call<User>('POST', `/users/${part(id)}/disable`),
  enableUser: (id: string) => call<User>('POST', `/users/${part(id)}/enable`),
  resetPassword: (id: string) => call<{ password: string; account: User }>('POST', `/users/${part(id)}/password`),
  removeSecondFactor: (id: string) => call<User>('DELETE', `/users/${part(id)}/second-factor`),

  sheetColumns: () => call<SheetColumn[]>('GET', '/register/change-sheet-columns'),
  changeSheet: (request: SheetRequest) => file('/register/change-sheets', request),
  exportPicked: (households: string[], query: Query) => file('/register/household-exports', { households, query }),
  bulkChanges: (query: Query) => call<Page<BulkChange>>('GET', '/register/bulk-changes', { query }),
  bulkChange: (id: string) => call<BulkChange>('GET', `/register/bulk-changes/${part(id)}`),
  readSheet: (sheet: File, clear: string[], need?: Need) =>
    call<BulkChange>('POST', '/register/bulk-changes', { query: { name: sheet.name, clear: clear.join(','), purpose: need?.purpose, note: need?.note }, file: sheet }),
  setOneValue: (selection: Selection, field: string, value: string | null) =>
    call<BulkChange>('POST', '/register/bulk-edits', { body: { selection, field, value } }),
  bulkRows: (id: string, query: Query) => call<Rows<BulkRow>>('GET', `/register/bulk-changes/${part(id)}/rows`, { query }),
  bulkRefused: (id: string, query: Query) => call<Rows<RefusedRow>>('GET', `/register/bulk-changes/${part(id)}/refused`, { query }),
  bulkStep: (batch: Pick<BulkChange, 'id' | 'version'>, step: BulkStep, remark: string) =>
    call<BulkChange>('POST', `/register/bulk-changes/${part(batch.id)}/steps`, {
      headers: { 'If-Match': `"${batch.version}"` },
      body: { step, remark: remark.trim() || null },
    }),
  undoBulk: (id: string, need?: Need) => call<BulkChange>('POST', `/register/bulk-changes/${part(id)}/undo`, { body: { need: need ?? null } }),
  views: (page: string) => call<SavedView[]>('GET', '/views', { query: { page } }),
  saveView: (page: string, name: string, query: string) => call<SavedView>('POST', '/views', { body: { page, name, query } }),
  deleteView: (id: string) => call<void>('DELETE', `/views/${part(id)}`),
  roster: (id: string) => call<Roster>('GET', `/register/rosters/${part(id)}`),
  rosterDifferences: (id: string, query: Query) => call<Rows<RosterEntry>>('GET', `/register/rosters/${part(id)}/comparison/households`, { query }),
  decideAmendments: (amendments: Pick<Amendment, 'id' | 'version'>[], decision: AmendmentDecision, remark: string) =>
    call<BatchOutcome>('POST', '/register/amendments/decisions', { body: { amendments: amendments.map(({ id, version }) => ({ id, version })), decision, remark: remark.trim() || null } }),
  evidenceOf: (amendment: string) => blob(`/register/amendments/${part(amendment)}/evidence`),
  areasOverTime: (query: Query) => call<AreaOverTime[]>('GET', '/areas', { query }),
  area: (code: string) => call<AreaDetail>('GET', `/areas/${part(code)}`),
  addArea: (area: NewArea) => call<AreaDetail>('POST', '/areas', { body: area }),
  previewAreaChange: (request: AreaChangeRequest) => call<AreaChangePreview>('POST', '/areas/changes/preview', { body: request }),
  changeAreas: (request: AreaChangeRequest) => call<AreaChangePreview>('POST', '/areas/changes', { body: request }),
  householdPlaces: (id: string) => call<PastPlace[]>('GET', `/register/households/${part(id)}/places`),

  hazardPoints: (query: Query) => call<Page<HazardPoint>>('GET', '/register/hazard-points', { query }),
  hazardPoint: (id: string) => call<HazardDetail>('GET', `/register/hazard-points/${part(id)}`),
  hazardPointHistory: (id: string) => call<HistoryEntry[]>('GET', `/register/hazard-points/${part(id)}/history`),
  registerHazardPoint: (facts: HazardFacts) => call<HazardDetail>('POST', '/register/hazard-points', { body: facts }),
  editHazardPoint: (point: Pick<HazardPoint, 'id' | 'version'>, facts: HazardFacts) =>
    call<HazardDetail>('PUT', `/register/hazard-points/${part(point.id)}`, { headers: { 'If-Match': `"${point.version}"` }, body: facts }),
  closeHazardPoint: (point: Pick<HazardPoint, 'id' | 'version'>, step: ClosingStep) =>
    call<HazardDetail>('POST', `/register/hazard-points/${part(point.id)}/closing`, { headers: { 'If-Match': `"${point.version}"` }, body: step }),
  recordSafe: (point: Pick<HazardPoint, 'id' | 'version'>, line: string, record: { reason: string | null; date: string | null; evidence: string }) =>
    call<HazardDetail>('PUT', `/register/hazard-points/${part(point.id)}/threatened/${part(line)}`, { headers: { 'If-Match': `"${point.version}"` }, body: record }),
  acceptance: (household: string) => call<AcceptanceVerdict>('GET', `/register/households/${part(household)}/acceptance`),
  acceptanceList: (query: Query) => call<Page<AcceptanceRow>>('GET', '/register/acceptance', { query }),
  evidence: (household: string) => call<EvidenceRecord[]>('GET', `/register/households/${part(household)}/evidence`),
  recordEvidence: (household: string, evidence: CategoryEvidence) =>
    call<EvidenceRecord[]>('POST', `/register/households/${part(household)}/evidence`, { body: { evidence } }),
  correctEvidence: (household: string, record: Pick<EvidenceRecord, 'id' | 'version'>, evidence: CategoryEvidence) =>
    call<EvidenceRecord[]>('PUT', `/register/households/${part(household)}/evidence/${part(record.id)}`, { headers: { 'If-Match': `"${record.version}"` }, body: { evidence } }),
  withdrawEvidence: (household: string, record: Pick<EvidenceRecord, 'id' | 'version'>, reason: string) =>
    call<EvidenceRecord[]>('POST', `/register/households/${part(household)}/evidence/${part(record.id)}/withdrawal`, { headers: { 'If-Match': `"${record.version}"` }, body: { reason } }),
  provider: () => call<{ name: string } | null>('GET', '/session/provider'),
  providerSecondStep: (code: string) => call<SessionUser>('POST', '/session/provider/second-step', { body: { code } }),
  ownIdentity: () => call<Identity | null>('GET', '/session/identity'),
  bindIdentity: (id: string, subject: string) => call<User>('PUT', `/users/${part(id)}/identity`, { body: { subject } }),
  unbindIdentity: (id: string) => call<User>('DELETE', `/users/${part(id)}/identity`),
  userSessions: (id: string) => call<OwnSession[]>('GET', `/users/${part(id)}/sessions`),
  endUserSession: (id: string, session: string) => call<void>('DELETE', `/users/${part(id)}/sessions/${part(session)}`),
  endUserSessions: (id: string) => call<void>('DELETE', `/users/${part(id)}/sessions`),
  rights: () => call<RoleRights[]>('GET', '/rights'),
  ledgerEntry: (index: number) => call<EntryDetail>('GET', `/ledger/entries/${index}`),
  checkpoints: (query: Query) => call<Checkpoint[]>('GET', '/ledger/checkpoints', { query }),
  consistency: (from: number, to: number) => call<ConsistencyProof>('GET', '/ledger/consistency', { query: { from, to } }),
  keeping: () => call<Keeping | null>('GET', '/ledger/keeping'),

  recordHousehold: (household: { facts: FieldValues; members: FieldValues[]; reason: string }) =>
    call<HouseholdDetail>('POST', '/register/households', { body: household }),
  correctHousehold: (id: string, version: number, correction: Correction) =>
    call<HouseholdDetail>('PATCH', `/register/households/${part(id)}`, { headers: seen(version), body: correction }),
  splitHousehold: (id: string, version: number, split: { register_number: string; leaving: MemberRelation[]; staying: MemberRelation[]; grounds: Grounds }) =>
    call<{ household: HouseholdDetail; other: HouseholdDetail }>('POST', `/register/households/${part(id)}/split`, { headers: seen(version), body: split }),
  mergeHousehold: (id: string, version: number, merger: { into: string; into_version: number; relations: MemberRelation[]; grounds: Grounds }) =>
    call<{ household: HouseholdDetail; other: HouseholdDetail }>('POST', `/register/households/${part(id)}/merger`, { headers: seen(version), body: merger }),
  moveHousehold: (id: string, version: number, move: { area: string; position: { longitude: number; latitude: number } | null; grounds: Grounds }) =>
    call<HouseholdDetail>('POST', `/register/households/${part(id)}/move`, { headers: seen(version), body: move }),
  cancelHousehold: (id: string, version: number, grounds: Grounds) =>
    call<HouseholdDetail>('POST', `/register/households/${part(id)}/cancelling`, { headers: seen(version), body: grounds }),
  reinstateHousehold: (id: string, version: number, grounds: Grounds) =>
    call<HouseholdDetail>('POST', `/register/households/${part(id)}/reinstating`, { headers: seen(version), body: grounds }),
  householdIncome: (id: string) => call<IncomeYear[]>('GET', `/register/households/${part(id)}/income`),
  recordIncome: (id: string, year: number, version: number, income: { lines: IncomeLine[]; reason: string }) =>
    call<IncomeYear | null>('PUT', `/register/households/${part(id)}/income/${year}`, { headers: seen(version), body: income }),
  householdConsents: (id: string) => call<ConsentOnRecord[]>('GET', `/register/households/${part(id)}/consents`),
  recordConsent: (id: string, version: number, consent: NewConsent) =>
    call<HouseholdDetail>('POST', `/register/households/${part(id)}/consents`, { headers: seen(version), body: consent }),
  withdrawConsent: (id: string, version: number, withdrawal: { date: string; reason: string; evidence: string | null }) =>
    call<HouseholdDetail>('POST', `/register/households/${part(id)}/consents/withdrawal`, { headers: seen(version), body: withdrawal }),
  consentsByVillage: (query: Query) => call<VillageConsent[]>('GET', '/register/consents', { query }),
  householdDocuments: (id: string) => call<HouseholdDocument[]>('GET', `/register/households/${part(id)}/documents`),
  addDocument: (id: string, file: File, query: Query) =>
    call<HouseholdDocument>('POST', `/register/households/${part(id)}/documents`, { query: { ...query, name: file.name }, file }),
  removeDocument: (id: string, document: Pick<HouseholdDocument, 'id' | 'version'>, reason: string) =>
    call<HouseholdDocument>('POST', `/register/households/${part(id)}/documents/${part(document.id)}/removal`, { headers: seen(document.version), body: { reason } }),
  /** A personal document, for a stated purpose. */
  personalFile: async (id: string, document: string, purpose: string, note: string): Promise<Blob> => {
    const response = await fetch(address(`/register/households/${part(id)}/documents/${part(document)}/file`), {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ purpose, note: note || null }),
    });
    if (!response.ok) throw new Problem(response.status, await problemDetails(response));
    return response.blob();
  },
};
