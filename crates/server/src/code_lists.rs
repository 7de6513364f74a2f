//! The code lists with their Chinese and English names; public, since they say nothing of anybody.

use std::collections::BTreeMap;

use anju_model::access::{Action, ProviderRefusal, Purpose, Role};
use anju_model::amendment::{AmendmentKind, AmendmentState};
use anju_model::bulk::{BulkSource, BulkState};
use anju_model::identification::{ApplicationForm, Level, ObjectionState, Step, StepOutcome};
use anju_model::identity::Sex;
use anju_model::job::{JobKind, JobState};
use anju_model::land::{LayerKind, Verdict};
use anju_model::lookback::{ItemState, Severity};
use anju_model::plan::{SiteKind, Tier};
use anju_model::register::{
    Category, CauseOfMove, ConsentChoice, Education, Ethnicity, FileKind, Health, Labour, Pathway,
    PovertyAttribute, PovertyCause, Relation, SafetyGrade, Structure, Urgency,
};
use anju_model::roster::{KeyFact, RosterState};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::Server;

pub(crate) fn routes() -> Router<Server> {
    Router::new().route("/code-lists", get(list))
}

#[derive(Serialize)]
struct Code {
    code: &'static str,
    zh: &'static str,
    en: &'static str,
}

macro_rules! lists {
    ($($name:literal: $list:ty,)+) => {
        BTreeMap::from([$((
            $name,
            <$list>::ALL.iter().map(|value| Code { code: value.code(), zh: value.zh(), en: value.en() }).collect(),
        )),+])
    };
}

async fn list() -> Json<BTreeMap<&'static str, Vec<Code>>> {
    Json(lists! {
        "application_form": ApplicationForm,
        "amendment_kind": AmendmentKind,
        "amendment_state": AmendmentState,
        "action": Action,
        "bulk_source": BulkSource,
        "bulk_state": BulkState,
        "category": Category,
        "cause_of_move": CauseOfMove,
        "consent_choice": ConsentChoice,
        "education": Education,
        "ethnicity": Ethnicity,
        "file_kind": FileKind,
        "health": Health,
        "identification_level": Level,
        "identification_step": Step,
        "item_state": ItemState,
        "job_kind": JobKind,
        "job_state": JobState,
        "key_fact": KeyFact,
        "labour": Labour,
        "layer_kind": LayerKind,
        "objection_state": ObjectionState,
        "pathway": Pathway,
        "poverty_attribute": PovertyAttribute,
        "poverty_cause": PovertyCause,
        "provider_refusal": ProviderRefusal,
        "purpose": Purpose,
        "relation": Relation,
        "role": Role,
        "roster_state": RosterState,
        "safety_grade": SafetyGrade,
        "severity": Severity,
        "sex": Sex,
        "site_kind": SiteKind,
        "step_outcome": StepOutcome,
        "structure": Structure,
        "tier": Tier,
        "urgency": Urgency,
        "verdict": Verdict,
    })
}
