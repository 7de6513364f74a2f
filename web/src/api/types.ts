// Short names for what the API sends and takes. The shapes themselves are made from its description (`cargo xtask openapi`).

import type { components } from './schema';

type Schemas = components['schemas'];
/** What a change needs of its subject: which one, and the version seen. */
export type Version = { id: string; version: number };

export type AcceptanceRow = Schemas['AcceptanceRow'];
export type AcceptanceState = Schemas['AcceptanceState'];
export type AcceptanceVerdict = Schemas['AcceptanceVerdict'];
export type Action = Schemas['Action'];
export type Amendment = Schemas['AmendmentView'];
export type AmendmentDecision = Schemas['AmendmentDecision'];
export type AmendmentRequest = Schemas['AmendmentRequest'];
export type AmendmentState = Schemas['AmendmentState'];
export type Area = Schemas['AreaView'];
export type AreaChange = Schemas['AreaChange'];
export type AreaChangePreview = Schemas['AreaChangePreview'];
export type AreaChangeRequest = Schemas['AreaChangeRequest'];
export type AreaDetail = Schemas['AreaDetail'];
export type Assignment = Schemas['AssignmentView'];
export type Attached = Schemas['Evidence'];
export type AreaProgress = Schemas['ProgressView'];
export type BatchOutcome = Schemas['BatchOutcome'];
export type Candidate = Schemas['CandidateView'];
export type CasesOpening = Schemas['CasesOpening'];
export type CategoryEvidence = Schemas['CategoryEvidence'];
export type Checkpoint = Schemas['CheckpointView'];
export type ClosingStep = Schemas['HazardClosingStep'];
export type CodeListName = keyof CodeLists;
export type CodeLists = Schemas['CodeLists'];
export type CodeName = Schemas['CodeName'];
export type Enrolment = Schemas['SecondFactorEnrolment'];
export type EvidenceRecord = Schemas['EvidenceView'];
export type HazardDetail = Schemas['HazardDetail'];
export type HazardFacts = Schemas['HazardPointGiven'];
export type HazardPoint = Schemas['HazardSummary'];
export type HistoryEntry = Schemas['HouseholdChange'];
export type HouseholdDestination = Schemas['DestinationSummary'];
export type HouseholdDetail = Schemas['HouseholdDetail'];
export type HouseholdSummary = Schemas['HouseholdSummary'];
export type IdentificationCase = Schemas['CaseView'];
export type IdentificationDesk = Schemas['IdentificationDesk'];
export type IdentificationStep = Schemas['IdentificationStep'];
export type ItemState = Schemas['ItemState'];
export type Job = Schemas['JobView'];
export type JobKind = Schemas['JobKind'];
export type LedgerEntry = Schemas['LedgerEntry'];
export type LookbackItem = Schemas['ItemView'];
export type NewArea = Schemas['NewArea'];
export type NewKeyFact = Schemas['NewKeyFact'];
export type NewRoster = Schemas['NewRoster'];
export type NewUser = Schemas['NewUser'];
export type NewUserPlace = Schemas['NewUserPlace'];
export type NoticePosting = Schemas['NoticePosting'];
export type Objection = Schemas['ObjectionView'];
export type ObjectionFiling = Schemas['ObjectionFiling'];
export type OwnSession = Schemas['SessionView'];
export type PlannedSite = Schemas['SiteView'];
export type PointHousehold = Schemas['ThreatenedRegisteredView'];
export type PointVerdict = Schemas['SpotView'];
export type ProblemDetails = Schemas['ProblemDetails'];
export type PublicityNotice = Schemas['NoticeView'];
export type Purpose = Schemas['Purpose'];
export type Role = Schemas['Role'];
export type Roster = Schemas['RosterView'];
export type RosterEntry = Schemas['RosterEntryView'];
export type RosterState = Schemas['RosterState'];
export type SafeRecord = Schemas['SafeRecord'];
export type SessionUser = Schemas['UserView'];
export type StepTaking = Schemas['StepTaking'];
export type Succession = Schemas['SuccessionView'];
export type TakenStep = Schemas['TakenStep'];
export type Text = Schemas['Text'];
export type ThreatenedHousehold = Schemas['ThreatenedView'];
export type UnmaskingNeed = Schemas['UnmaskingNeed'];
export type User = Schemas['Account'];
export type Vote = Schemas['Vote'];
export type Waiting = Schemas['Waiting'];
export type ConsentOnRecord = Schemas['ConsentOnRecord'];
export type FieldProblem = Schemas['FieldProblem'];
export type Grounds = Schemas['HouseholdChangeGrounds'];
export type HouseholdCorrection = Schemas['HouseholdCorrection'];
export type HouseholdDocument = Schemas['HouseholdDocumentView'];
export type HouseholdMerger = Schemas['HouseholdMerger'];
export type HouseholdMove = Schemas['HouseholdMove'];
export type HouseholdSplit = Schemas['HouseholdSplit'];
export type IncomeLine = Schemas['IncomeLine'];
export type IncomeYear = Schemas['IncomeView'];
export type MemberRelation = Schemas['MemberRelation'];
export type NewConsent = Schemas['NewConsent'];
export type NewHousehold = Schemas['NewHousehold'];
export type NewIncome = Schemas['NewIncome'];
export type NewWithdrawal = Schemas['NewWithdrawal'];
export type VillageConsent = Schemas['VillageConsent'];

/** What the fields of a form hold, by name: the form's own table of fields says what each may be. */
export type FieldValues = Record<string, unknown>;
export type Values<T> = { [K in keyof T]: T[K] extends object ? (T[K] extends unknown[] ? FieldValues[] : FieldValues) : T[K] };
export type MemberChange =
  | { change: 'joins'; facts: FieldValues }
  | { change: 'corrected'; person: string; facts: FieldValues }
  | { change: 'leaves'; person: string; why: string };
export interface Correction {
  facts: FieldValues;
  members: MemberChange[];
  reason: string;
}
export type BulkChange = Schemas['BulkView'];
export type BulkEdit = Schemas['EditView'];
export type BulkRow = Schemas['BulkRowView'];
export type BulkState = Schemas['BulkState'];
export type BulkStep = Schemas['BulkStep'];
export type DepartmentRecord = Schemas['ExtractView'];
export type ImportedExtract = Schemas['ImportedExtract'];
export type ImportedCell = Schemas['ImportedCell'];
export type Erasure = Schemas['ErasureView'];
export type ErasureOrder = Schemas['ErasureOrder'];
export type ErasureStep = Schemas['ErasureStep'];
export type KeyFactChange = RosterEntry['changes'][number];
export type Need = UnmaskingNeed;
export type RefusedRow = Schemas['RefusedRow'];
export type Selection = Schemas['Selection'];
export type SheetColumn = Schemas['ColumnView'];
export type SheetRequest = Schemas['SheetRequest'];
