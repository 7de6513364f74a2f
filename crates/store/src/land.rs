//! The land stage: layers, assessments and candidates.

use anju_model::area::AreaCode;
use anju_model::land::{Candidate, LandAssessment, Layer, LayerKind};
use uuid::Uuid;

use crate::read::{VERSIONED, area_range, versioned};
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for Layer {
    const KIND: &'static str = "layer";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("kind", self.kind.code().into()),
            ("source", self.source.as_str().into()),
            ("content", self.content.as_str().into()),
            ("imported_at", self.imported_at.into()),
        ]
    }
}

impl Subject for LandAssessment {
    const KIND: &'static str = "land_assessment";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("made_at", self.made_at.into()),
            ("pack", self.pack.as_str().into()),
            ("epsg", u32::from(self.epsg).into()),
        ]
    }
}

impl Subject for Candidate {
    const KIND: &'static str = "candidate";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        Some(self.area.clone())
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("assessment_id", self.assessment.into()),
            ("code", self.code.as_str().into()),
            ("score", self.score.into()),
            ("capacity_households", self.capacity_households.into()),
            ("area_m2", self.area_m2.into()),
            ("slope_percent", self.slope_percent.into()),
        ]
    }
}

/// All layers by kind, newest first within a kind.
///
/// # Errors
/// When the database fails.
pub async fn layers(db: &Db) -> Result<Vec<Versioned<Layer>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM layer ORDER BY kind, imported_at DESC, id DESC");
    db.all(&sql, &[]).await?.iter().map(versioned).collect()
}

/// The layers of a kind, newest first.
///
/// # Errors
/// When the database fails.
pub async fn layers_of_kind(db: &Db, kind: LayerKind) -> Result<Vec<Versioned<Layer>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM layer WHERE kind = $1 ORDER BY imported_at DESC, id DESC");
    db.all(&sql, &[kind.code().into()])
        .await?
        .iter()
        .map(versioned)
        .collect()
}

/// The newest assessment.
///
/// # Errors
/// When the database fails.
pub async fn latest_assessment(db: &Db) -> Result<Option<Versioned<LandAssessment>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM land_assessment ORDER BY made_at DESC, id DESC LIMIT 1");
    db.first(&sql, &[]).await?.map(|row| versioned(&row)).transpose()
}

/// The candidates of an assessment, by code: best score first.
///
/// # Errors
/// When the database fails.
pub async fn candidates(db: &Db, assessment: Uuid) -> Result<Vec<Candidate>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM candidate WHERE assessment_id = $1 ORDER BY code");
    let rows = db.all(&sql, &[assessment.into()]).await?;
    rows.iter()
        .map(|row| versioned::<Candidate>(row).map(|candidate| candidate.value))
        .collect()
}

/// The candidates of an assessment in an area, by code.
///
/// # Errors
/// When the database fails.
pub async fn candidates_within(
    db: &Db,
    assessment: Uuid,
    area: &AreaCode,
) -> Result<Vec<Candidate>, StoreError> {
    let sql = format!(
        "SELECT {VERSIONED} FROM candidate WHERE assessment_id = $1 AND area >= $2 AND area < $3 ORDER BY code"
    );
    let [from, to] = area_range(area);
    let rows = db.all(&sql, &[assessment.into(), from, to]).await?;
    rows.iter()
        .map(|row| versioned::<Candidate>(row).map(|candidate| candidate.value))
        .collect()
}
