// A function for each call of the API that the pages use.

import { call, download, save, stored } from './call';
import type { Query } from './call';
import type {
  AmendmentDecision,
  AmendmentRequest,
  AreaChangeRequest,
  BulkStep,
  CasesOpening,
  CategoryEvidence,
  ClosingStep,
  Correction,
  ErasureOrder,
  ErasureStep,
  Grounds,
  HazardFacts,
  HouseholdCorrection,
  HouseholdMerger,
  HouseholdMove,
  HouseholdSplit,
  IdentificationStep,
  ItemState,
  JobKind,
  NewArea,
  NewConsent,
  NewHousehold,
  NewIncome,
  NewRoster,
  NewUser,
  NewUserPlace,
  NewWithdrawal,
  NoticePosting,
  ObjectionFiling,
  Purpose,
  SafeRecord,
  Selection,
  SheetRequest,
  StepTaking,
  UnmaskingNeed,
  Values,
  Version,
} from './types';

export { address, Problem } from './call';
export type { Query } from './call';

type Signal = AbortSignal | undefined;

export const api = {
  codeLists: () => call('get', '/code-lists'),

  session: () => call('get', '/session'),
  signIn: (name: string, password: string, code?: string) =>
    call('post', '/session', { body: { name, password, code: code ?? null } }),
  /** Where a provider vouched for the user, the answer says where to sign out of it. */
  signOut: () => call('delete', '/session'),
  changePassword: (current: string, next: string) => call('post', '/session/password', { body: { current, new: next } }),
  sessions: () => call('get', '/sessions'),
  endSession: (id: string) => call('delete', '/sessions/{id}', { path: { id } }),
  endOtherSessions: () => call('delete', '/sessions'),
  secondFactor: () => call('get', '/session/second-factor'),
  enrolSecondFactor: (password: string) => call('post', '/session/second-factor', { body: { password } }),
  confirmSecondFactor: (code: string) => call('post', '/session/second-factor/confirm', { body: { code } }),
  disableSecondFactor: (password: string) => call('post', '/session/second-factor/disable', { body: { password } }),

  start: () => call('get', '/start'),
  areas: () => call('get', '/areas'),

  households: (query: Query, signal?: Signal) => call('get', '/register/households', { query, signal }),
  household: (id: string) => call('get', '/register/households/{id}', { path: { id } }),
  unmaskHousehold: (id: string, purpose: Purpose, note: string) =>
    call('post', '/register/households/{id}/unmask', { path: { id }, body: { purpose, note } }),
  householdHistory: (id: string) => call('get', '/register/households/{id}/history', { path: { id } }),
  registerFigures: (query: Query) => call('get', '/register/figures', { query }),

  identification: (query: Query) => call('get', '/register/identification', { query }),
  cases: (query: Query, signal?: Signal) => call('get', '/register/identification/cases', { query, signal }),
  openCases: (opening: CasesOpening) => call('post', '/register/identification/cases', { body: opening }),
  takeStep: (taking: StepTaking) => call('post', '/register/identification/steps', { body: taking }),
  notices: (query: Query) => call('get', '/register/identification/notices', { query }),
  notice: (id: string) => call('get', '/register/identification/notices/{id}', { path: { id } }),
  postNotice: (posting: NoticePosting) => call('post', '/register/identification/notices', { body: posting }),
  closeNotice: ({ id, version }: Version) =>
    call('post', '/register/identification/notices/{id}/closing', { path: { id }, version }),
  object: (notice: string, objection: ObjectionFiling) =>
    call('post', '/register/identification/notices/{id}/objections', { path: { id: notice }, body: objection }),
  objections: (query: Query) => call('get', '/register/identification/objections', { query }),
  answerObjection: ({ id, version }: Version, upheld: boolean, answer: string) =>
    call('post', '/register/identification/objections/{id}/decision', { path: { id }, version, body: { upheld, answer } }),
  rosters: (query: Query) => call('get', '/register/rosters', { query }),
  draftRoster: (roster: NewRoster) => call('post', '/register/rosters', { body: roster }),
  compareRoster: (id: string) => call('get', '/register/rosters/{id}/comparison', { path: { id } }),
  freezeRoster: ({ id, version }: Version, approver: string, document: string) =>
    call('post', '/register/rosters/{id}/freezing', { path: { id }, version, body: { approver, document } }),
  registerAsOf: (query: Query) => call('get', '/register/as-of', { query }),
  amendments: (query: Query) => call('get', '/register/amendments', { query }),
  askAmendment: (request: AmendmentRequest) => call('post', '/register/amendments', { body: request }),
  decideAmendment: ({ id, version }: Version, decision: AmendmentDecision, remark: string) =>
    call('post', '/register/amendments/{id}/decision', { path: { id }, version, body: { decision, remark: remark.trim() || null } }),
  storeEvidence: (file: File) => call('post', '/register/evidence', { query: { name: file.name }, file }),

  lookbackItems: (query: Query, signal?: Signal) => call('get', '/lookback/items', { query, signal }),
  lookbackFigures: (query: Query) => call('get', '/lookback/figures', { query }),
  decide: ({ id, version }: Version, state: ItemState, reason: string) =>
    call('post', '/lookback/items/{id}/decision', { path: { id }, version, body: { state, reason } }),

  land: () => call('get', '/land'),
  candidates: (query: Query) => call('get', '/land/candidates', { query }),
  candidate: (id: string) => call('get', '/land/candidates/{id}', { path: { id } }),
  candidateShapes: () => call('get', '/land/candidates.geojson'),
  landAt: (longitude: number, latitude: number) =>
    call('get', '/land/at', { query: { longitude: longitude.toFixed(6), latitude: latitude.toFixed(6) } }),

  plan: () => call('get', '/plan'),
  planFigures: () => call('get', '/plan/figures'),
  assignments: (query: Query, signal?: Signal) => call('get', '/plan/assignments', { query, signal }),
  flows: () => call('get', '/plan/flows.geojson'),

  jobs: () => call('get', '/jobs'),
  startJob: (kind: JobKind) => call('post', '/jobs', { body: { kind } }),
  cancelJob: (id: string) => call('delete', '/jobs/{id}', { path: { id } }),

  ledger: () => call('get', '/ledger'),
  ledgerEntries: (query: Query) => call('get', '/ledger/entries', { query }),
  proof: (index: number) => call('get', '/ledger/entries/{index}/proof', { path: { index } }),

  erasures: (query: Query) => call('get', '/ledger/erasures', { query }),
  askErasure: (index: number, order: ErasureOrder) => call('post', '/ledger/entries/{index}/erasure', { path: { index }, body: order }),
  takeErasureStep: ({ entry, version }: { entry: number; version: number }, step: ErasureStep, remark: string) =>
    call('post', '/ledger/erasures/{index}/steps', { path: { index: entry }, version, body: { step, remark: remark.trim() || null } }),

  users: () => call('get', '/users'),
  createUser: (user: NewUser) => call('post', '/users', { body: user }),
  editUser: ({ id, version }: Version, place: NewUserPlace) => call('patch', '/users/{id}', { path: { id }, version, body: place }),
  unlockUser: ({ id, version }: Version) => call('post', '/users/{id}/unlock', { path: { id }, version }),
  disableUser: ({ id, version }: Version) => call('post', '/users/{id}/disable', { path: { id }, version }),
  enableUser: ({ id, version }: Version) => call('post', '/users/{id}/enable', { path: { id }, version }),
  resetPassword: ({ id, version }: Version) => call('post', '/users/{id}/password', { path: { id }, version }),
  removeSecondFactor: ({ id, version }: Version) => call('delete', '/users/{id}/second-factor', { path: { id }, version }),

  provider: () => call('get', '/session/provider'),
  providerSecondStep: (code: string) => call('post', '/session/provider/second-step', { body: { code } }),
  ownIdentity: () => call('get', '/session/identity'),
  bindIdentity: ({ id, version }: Version, subject: string) =>
    call('put', '/users/{id}/identity', { path: { id }, version, body: { subject } }),
  unbindIdentity: ({ id, version }: Version) => call('delete', '/users/{id}/identity', { path: { id }, version }),
  userSessions: (id: string) => call('get', '/users/{id}/sessions', { path: { id } }),
  endUserSession: (id: string, session: string) =>
    call('delete', '/users/{id}/sessions/{session}', { path: { id, session } }),
  endUserSessions: (id: string) => call('delete', '/users/{id}/sessions', { path: { id } }),
  rights: () => call('get', '/rights'),
  ledgerEntry: (index: number) => call('get', '/ledger/entries/{index}', { path: { index } }),
  checkpoints: (query: Query) => call('get', '/ledger/checkpoints', { query }),
  consistency: (from: number, to: number) => call('get', '/ledger/consistency', { query: { from, to } }),
  keeping: () => call('get', '/ledger/keeping'),
  areasOverTime: (query: Query) => call('get', '/areas', { query }),
  area: (code: string) => call('get', '/areas/{code}', { path: { code } }),
  addArea: (area: NewArea) => call('post', '/areas', { body: area }),
  previewAreaChange: (request: AreaChangeRequest) => call('post', '/areas/changes/preview', { body: request }),
  changeAreas: (request: AreaChangeRequest) => call('post', '/areas/changes', { body: request }),
  householdPlaces: (id: string) => call('get', '/register/households/{id}/places', { path: { id } }),
  job: (id: string) => call('get', '/jobs/{id}', { path: { id } }),
  unmaskedCard: (id: string, language: string, need: UnmaskingNeed) =>
    download(`/register/households/${encodeURIComponent(id)}/card.pdf`, { language }, need),
  takeLargeStep: (taking: StepTaking) => call('post', '/register/identification/batches', { body: taking }),
  takeBack: (cases: Version[], step: IdentificationStep, reason: string) =>
    call('post', '/register/identification/corrections', { body: { cases, step, reason } }),
  extendNotice: ({ id, version }: Version, from: string, reason: string) =>
    call('post', '/register/identification/notices/{id}/extension', { path: { id }, version, body: { from, reason } }),
  takeDownNotice: ({ id, version }: Version, reason: string) =>
    call('post', '/register/identification/notices/{id}/removal', { path: { id }, version, body: { reason } }),
  addNoticePhoto: (id: string, taken_on: string, file: Blob) =>
    call('post', '/register/identification/notices/{id}/photos', { path: { id }, query: { taken_on }, file }),
  hazardPoints: (query: Query) => call('get', '/register/hazard-points', { query }),
  hazardPoint: (id: string) => call('get', '/register/hazard-points/{id}', { path: { id } }),
  hazardPointHistory: (id: string) => call('get', '/register/hazard-points/{id}/history', { path: { id } }),
  registerHazardPoint: (facts: HazardFacts) => call('post', '/register/hazard-points', { body: facts }),
  editHazardPoint: ({ id, version }: Version, facts: HazardFacts) =>
    call('put', '/register/hazard-points/{id}', { path: { id }, version, body: facts }),
  closeHazardPoint: ({ id, version }: Version, step: ClosingStep) =>
    call('post', '/register/hazard-points/{id}/closing', { path: { id }, version, body: step }),
  recordSafe: ({ id, version }: Version, line: string, record: SafeRecord) =>
    call('put', '/register/hazard-points/{id}/threatened/{line}', { path: { id, line }, version, body: record }),
  acceptance: (id: string) => call('get', '/register/households/{id}/acceptance', { path: { id } }),
  acceptanceList: (query: Query) => call('get', '/register/acceptance', { query }),
  evidence: (id: string) => call('get', '/register/households/{id}/evidence', { path: { id } }),
  recordEvidence: (id: string, evidence: CategoryEvidence) =>
    call('post', '/register/households/{id}/evidence', { path: { id }, body: { evidence } }),
  correctEvidence: (id: string, { id: record, version }: Version, evidence: CategoryEvidence) =>
    call('put', '/register/households/{id}/evidence/{record}', { path: { id, record }, version, body: { evidence } }),
  withdrawEvidence: (id: string, { id: record, version }: Version, reason: string) =>
    call('post', '/register/households/{id}/evidence/{record}/withdrawal', { path: { id, record }, version, body: { reason } }),
  recordHousehold: (household: Values<NewHousehold>) =>
    call('post', '/register/households', { body: household as NewHousehold }),
  correctHousehold: (id: string, version: number, correction: Correction) =>
    call('patch', '/register/households/{id}', { path: { id }, version, body: correction as HouseholdCorrection }),
  splitHousehold: (id: string, version: number, split: HouseholdSplit) =>
    call('post', '/register/households/{id}/split', { path: { id }, version, body: split }),
  mergeHousehold: (id: string, version: number, merger: HouseholdMerger) =>
    call('post', '/register/households/{id}/merger', { path: { id }, version, body: merger }),
  moveHousehold: (id: string, version: number, move: HouseholdMove) =>
    call('post', '/register/households/{id}/move', { path: { id }, version, body: move }),
  cancelHousehold: (id: string, version: number, grounds: Grounds) =>
    call('post', '/register/households/{id}/cancelling', { path: { id }, version, body: grounds }),
  reinstateHousehold: (id: string, version: number, grounds: Grounds) =>
    call('post', '/register/households/{id}/reinstating', { path: { id }, version, body: grounds }),
  householdIncome: (id: string) => call('get', '/register/households/{id}/income', { path: { id } }),
  recordIncome: (id: string, year: number, version: number, income: NewIncome) =>
    call('put', '/register/households/{id}/income/{year}', { path: { id, year }, version, body: income }),
  householdConsents: (id: string) => call('get', '/register/households/{id}/consents', { path: { id } }),
  recordConsent: (id: string, version: number, consent: NewConsent) =>
    call('post', '/register/households/{id}/consents', { path: { id }, version, body: consent }),
  withdrawConsent: (id: string, version: number, withdrawal: NewWithdrawal) =>
    call('post', '/register/households/{id}/consents/withdrawal', { path: { id }, version, body: withdrawal }),
  consentsByVillage: (query: Query) => call('get', '/register/consents', { query }),
  householdDocuments: (id: string) => call('get', '/register/households/{id}/documents', { path: { id } }),
  addDocument: (id: string, file: File, query: Query) =>
    call('post', '/register/households/{id}/documents', { path: { id }, query: { ...query, name: file.name }, file }),
  removeDocument: (id: string, { id: document, version }: Version, reason: string) =>
    call('post', '/register/households/{id}/documents/{document}/removal', { path: { id, document }, version, body: { reason } }),
  /** A personal document, for a stated purpose. */
  personalFile: (id: string, document: string, purpose: string, note: string) =>
    download(`/register/households/${encodeURIComponent(id)}/documents/${encodeURIComponent(document)}/file`, {}, { purpose, note: note || null }),

  sheetColumns: () => call('get', '/register/change-sheet-columns'),
  changeSheet: (request: SheetRequest) => save('/register/change-sheets', request),
  exportPicked: (households: string[], query: Query) => save('/register/household-exports', { households, query }),
  bulkChanges: (query: Query) => call('get', '/register/bulk-changes', { query }),
  bulkChange: (id: string) => call('get', '/register/bulk-changes/{id}', { path: { id } }),
  readSheet: (sheet: File, clear: string[], need?: UnmaskingNeed) =>
    call('post', '/register/bulk-changes', { query: { name: sheet.name, clear: clear.join(','), purpose: need?.purpose, note: need?.note }, file: sheet }),
  setOneValue: (selection: Selection, field: string, value: string | null) => call('post', '/register/bulk-edits', { body: { selection, field, value } }),
  bulkRows: (id: string, query: Query) => call('get', '/register/bulk-changes/{id}/rows', { path: { id }, query }),
  bulkRefused: (id: string, query: Query) => call('get', '/register/bulk-changes/{id}/refused', { path: { id }, query }),
  bulkStep: ({ id, version }: Version, step: BulkStep, remark: string) =>
    call('post', '/register/bulk-changes/{id}/steps', { path: { id }, version, body: { step, remark: remark.trim() || null } }),
  undoBulk: (id: string, need?: UnmaskingNeed) => call('post', '/register/bulk-changes/{id}/undo', { path: { id }, body: { need: need ?? null } }),
  departmentFiles: () => call('get', '/register/department-data'),
  departmentRecords: (query: Query & { kind: string }) => call('get', '/register/department-data/records', { query }),
  importDepartmentFile: (file: File, source: { document?: string; office?: string }) =>
    call('post', '/register/department-data', { query: { name: file.name, ...source }, file }),
  views: (page: string) => call('get', '/views', { query: { page } }),
  saveView: (page: string, name: string, query: string) => call('post', '/views', { body: { page, name, query } }),
  deleteView: (id: string) => call('delete', '/views/{id}', { path: { id } }),
  roster: (id: string) => call('get', '/register/rosters/{id}', { path: { id } }),
  rosterDifferences: (id: string, query: Query) => call('get', '/register/rosters/{id}/comparison/households', { path: { id }, query }),
  decideAmendments: (amendments: Version[], decision: AmendmentDecision, remark: string) =>
    call('post', '/register/amendments/decisions', { body: { items: amendments.map(({ id, version }) => ({ id, version, decision, remark: remark.trim() || null })) } }),
  evidenceOf: (amendment: string) => stored(`/register/amendments/${amendment}/evidence`),
};
