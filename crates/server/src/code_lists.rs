//! The code lists with their Chinese and English names; public, since they say nothing of anybody.

use std::collections::BTreeMap;

use anju_model::access::{Action, Purpose, Role};
use anju_model::identity::Sex;
use anju_model::job::{JobKind, JobState};
use anju_model::land::{LayerKind, Verdict};
use anju_model::lookback::{ItemState, Severity};
use anju_model::plan::{SiteKind, Tier};
use anju_model::register::{
    Category, CauseOfMove, ConsentChoice, Education, Ethnicity, FileKind, Health, Labour, Pathway,
    PovertyAttribute, PovertyCause, Relation, SafetyGrade, Structure, Urgency,
};
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
        "action": Action,
        "category": Category,
        "cause_of_move": CauseOfMove,
        "consent_choice": ConsentChoice,
        "education": Education,
        "ethnicity": Ethnicity,
        "file_kind": FileKind,
        "health": Health,
        "item_state": ItemState,
        "job_kind": JobKind,
        "job_state": JobState,
        "labour": Labour,
        "layer_kind": LayerKind,
        "pathway": Pathway,
        "poverty_attribute": PovertyAttribute,
        "poverty_cause": PovertyCause,
        "purpose": Purpose,
        "relation": Relation,
        "role": Role,
        "safety_grade": SafetyGrade,
        "severity": Severity,
        "sex": Sex,
        "site_kind": SiteKind,
        "structure": Structure,
        "tier": Tier,
        "urgency": Urgency,
        "verdict": Verdict,
    })
}
