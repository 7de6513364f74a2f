// Short names for what the API sends and takes. The shapes themselves are made from its description (`cargo xtask openapi`).

import type { components } from './schema';

type Schemas = components['schemas'];
/** What a change needs of its subject: which one, and the version seen. */
export type Version = { id: string; version: number };

export type Action = Schemas['Action'];
export type Amendment = Schemas['AmendmentView'];
export type AmendmentDecision = Schemas['AmendmentDecision'];
export type AmendmentRequest = Schemas['AmendmentRequest'];
export type AmendmentState = Schemas['AmendmentState'];
export type Area = Schemas['AreaView'];
export type Assignment = Schemas['AssignmentView'];
export type BatchOutcome = Schemas['BatchOutcome'];
export type Candidate = Schemas['CandidateView'];
export type CasesOpening = Schemas['CasesOpening'];
export type Checkpoint = Schemas['CheckpointView'];
export type CodeLists = Schemas['CodeLists'];
export type CodeListName = keyof CodeLists;
export type CodeName = Schemas['CodeName'];
export type Enrolment = Schemas['SecondFactorEnrolment'];
export type HistoryEntry = Schemas['HouseholdChange'];
export type HouseholdDestination = Schemas['DestinationSummary'];
export type HouseholdDetail = Schemas['HouseholdDetail'];
export type HouseholdSummary = Schemas['HouseholdSummary'];
export type IdentificationCase = Schemas['CaseView'];
export type IdentificationStep = Schemas['IdentificationStep'];
export type ItemState = Schemas['ItemState'];
export type Job = Schemas['JobView'];
export type JobKind = Schemas['JobKind'];
export type LedgerEntry = Schemas['LedgerEntry'];
export type LookbackItem = Schemas['ItemView'];
export type NewKeyFact = Schemas['NewKeyFact'];
export type NewRoster = Schemas['NewRoster'];
export type NewUser = Schemas['NewUser'];
export type NewUserPlace = Schemas['NewUserPlace'];
export type NoticePosting = Schemas['NoticePosting'];
export type Objection = Schemas['ObjectionView'];
export type ObjectionFiling = Schemas['ObjectionFiling'];
export type OwnSession = Schemas['SessionView'];
export type PlannedSite = Schemas['SiteView'];
export type PointVerdict = Schemas['SpotView'];
export type ProblemDetails = Schemas['ProblemDetails'];
export type PublicityNotice = Schemas['NoticeView'];
export type Purpose = Schemas['Purpose'];
export type Role = Schemas['Role'];
export type Roster = Schemas['RosterView'];
export type RosterEntry = Schemas['RosterEntryView'];
export type RosterState = Schemas['RosterState'];
export type SessionUser = Schemas['UserView'];
export type StepTaking = Schemas['StepTaking'];
export type TakenStep = Schemas['TakenStep'];
export type Text = Schemas['Text'];
export type User = Schemas['Account'];
export type Vote = Schemas['Vote'];
export type Waiting = Schemas['Waiting'];
