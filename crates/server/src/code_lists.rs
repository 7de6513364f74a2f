//! The code lists with their Chinese and English names; public, since they say nothing of anybody.

use std::collections::BTreeMap;

use anju_app::register::household::edit::LeavingReason;
use anju_model::access::{Action, Department, ProviderRefusal, Purpose, Role};
use anju_model::amendment::{AmendmentKind, AmendmentState};
use anju_model::area::SuccessionKind;
use anju_model::bulk::{BulkSource, BulkState};
use anju_model::category::{AcceptanceSeverity, AcceptanceState, EvidenceKind, ProtectedZone, RuleOutcome};
use anju_model::hazard::{HazardKind, HazardRisk, HazardScale, HazardState, RelocationExtent, SafetyReason};
use anju_model::identification::{ApplicationForm, Level, ObjectionState, Step, StepOutcome};
use anju_model::identity::Sex;
use anju_model::job::{JobKind, JobState};
use anju_model::land::{LayerKind, Verdict};
use anju_model::lookback::{ItemState, Severity};
use anju_model::plan::{SiteKind, Tier};
use anju_model::register::field::Field;
use anju_model::register::{
    AccessRoad, AwayReason, Benefit, Category, CauseOfMove, ConsentChoice, ConsentTaking, DisabilityClass,
    DisabilityGrade, DocumentKind, Education, EmploymentChannel, EmploymentPlace, Ethnicity, EventKind,
    FileKind, Fuel, Health, HouseholdStatus, IdKind, IncomeKind, Labour, ListedVillage, Marriage,
    MedicalInsurance, MembershipBasis, MilitaryService, MonitoredClass, Pathway, PensionInsurance,
    PovertyAttribute, PovertyCause, PovertyStanding, Relation, SafetyGrade, SchoolState, Structure, Toilet,
    Urgency, Vulnerability,
};
use anju_model::roster::{KeyFact, RosterState};
use serde::Serialize;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Server;
use crate::extract::Json;

pub(crate) fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list))
}

/// One value of a code list.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = CodeName)]
struct Code {
    code: &'static str,
    zh: &'static str,
    en: &'static str,
}

/// All code lists by name.
#[derive(Serialize)]
struct CodeLists(BTreeMap<&'static str, Vec<Code>>);

impl PartialSchema for CodeLists {
    fn schema() -> RefOr<Schema> {
        let list = || ArrayBuilder::new().items(Ref::from_schema_name("CodeName"));
        all()
            .0
            .into_keys()
            .fold(ObjectBuilder::new(), |object, name| {
                object.property(name, list()).required(name)
            })
            .into()
    }
}

impl ToSchema for CodeLists {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Code::name().into_owned(), Code::schema()));
    }
}

macro_rules! lists {
    ($($name:literal: $list:ty,)+) => {
        CodeLists(BTreeMap::from([$((
            $name,
            <$list>::ALL.iter().map(|value| Code { code: value.code(), zh: value.zh(), en: value.en() }).collect(),
        )),+]))
    };
}

/// All code lists with their Chinese and English names.
#[utoipa::path(
    get,
    path = "/code-lists",
    operation_id = "readCodeLists",
    tag = "terms",
    security(()),
    responses((status = OK, description = "All code lists with their Chinese and English names.", body = CodeLists))
)]
async fn list() -> Json<CodeLists> {
    Json(all())
}

fn all() -> CodeLists {
    lists! {
        "acceptance_severity": AcceptanceSeverity,
        "acceptance_state": AcceptanceState,
        "application_form": ApplicationForm,
        "amendment_kind": AmendmentKind,
        "amendment_state": AmendmentState,
        "action": Action,
        "access_road": AccessRoad,
        "away_reason": AwayReason,
        "benefit": Benefit,
        "bulk_source": BulkSource,
        "bulk_state": BulkState,
        "category": Category,
        "cause_of_move": CauseOfMove,
        "consent_choice": ConsentChoice,
        "consent_taking": ConsentTaking,
        "disability_class": DisabilityClass,
        "disability_grade": DisabilityGrade,
        "document_kind": DocumentKind,
        "education": Education,
        "employment_channel": EmploymentChannel,
        "employment_place": EmploymentPlace,
        "ethnicity": Ethnicity,
        "evidence_kind": EvidenceKind,
        "file_kind": FileKind,
        "hazard_kind": HazardKind,
        "hazard_risk": HazardRisk,
        "hazard_scale": HazardScale,
        "hazard_state": HazardState,
        "fuel": Fuel,
        "health": Health,
        "household_event": EventKind,
        "household_field": Field,
        "household_status": HouseholdStatus,
        "id_kind": IdKind,
        "identification_level": Level,
        "identification_step": Step,
        "income_kind": IncomeKind,
        "item_state": ItemState,
        "job_kind": JobKind,
        "job_state": JobState,
        "key_fact": KeyFact,
        "labour": Labour,
        "layer_kind": LayerKind,
        "leaving_reason": LeavingReason,
        "listed_village": ListedVillage,
        "marriage": Marriage,
        "medical_insurance": MedicalInsurance,
        "membership_basis": MembershipBasis,
        "military": MilitaryService,
        "monitored_class": MonitoredClass,
        "objection_state": ObjectionState,
        "pathway": Pathway,
        "pension_insurance": PensionInsurance,
        "poverty_attribute": PovertyAttribute,
        "poverty_cause": PovertyCause,
        "protected_zone": ProtectedZone,
        "poverty_standing": PovertyStanding,
        "provider_refusal": ProviderRefusal,
        "purpose": Purpose,
        "relation": Relation,
        "department": Department,
        "role": Role,
        "roster_state": RosterState,
        "safety_grade": SafetyGrade,
        "school": SchoolState,
        "severity": Severity,
        "sex": Sex,
        "site_kind": SiteKind,
        "step_outcome": StepOutcome,
        "relocation_extent": RelocationExtent,
        "rule_outcome": RuleOutcome,
        "safety_reason": SafetyReason,
        "structure": Structure,
        "succession_kind": SuccessionKind,
        "tier": Tier,
        "toilet": Toilet,
        "urgency": Urgency,
        "verdict": Verdict,
        "vulnerability": Vulnerability,
    }
}
