//! Subjects: what has a state of its own, and how that state is laid out in rows.

use anju_model::area::AreaCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{StoreError, Value};

/// Something with a state, a version and a place in the ledger.
///
/// Its kind is the name of its main table, whose common columns (id, version, area, changed_at, changed_by, state) the
/// store fills itself.
pub trait Subject: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Kind of subject and name of the main table.
    const KIND: &'static str;

    /// Tables with rows that are part of the subject.
    const CHILDREN: &'static [Child] = &[];

    /// Whether a stored state limits what may follow it. Then [`Subject::may_become`] is asked of the stored state
    /// before every change; it costs reading that state.
    const GUARDED: bool = false;

    /// Whether its rows are households that are counted by area and facet.
    const TALLIED: bool = false;

    /// Unique among subjects of the kind.
    fn id(&self) -> String;

    /// Where the subject is, when it is somewhere.
    fn area(&self) -> Option<AreaCode>;

    /// The columns of its own that the main table has, by which lists are filtered and sorted.
    fn columns(&self) -> Vec<(&'static str, Value)>;

    /// The rows in the tables of [`Subject::CHILDREN`]. All rows of one table name the same columns in the same order.
    fn rows(&self) -> Vec<Row> {
        Vec::new()
    }

    /// Whether the subject, as it is stored, may be replaced by `next`, or with `None` be taken out of the tables.
    fn may_become(&self, _next: Option<&Self>) -> bool {
        true
    }
}

/// A table with rows that belong to a subject of another table.
#[derive(Debug, Clone, Copy)]
pub struct Child {
    /// Its name.
    pub table: &'static str,
    /// The column with the subject's id.
    pub owner: &'static str,
    /// The column that tells the rows of one subject apart.
    pub key: &'static str,
}

/// A row of a child table.
#[derive(Debug, Clone)]
pub struct Row {
    /// The table.
    pub table: &'static str,
    /// Its columns, all of them.
    pub columns: Vec<(&'static str, Value)>,
}

/// The columns that every main table begins with; `state` is the last.
pub(crate) const COMMON: [&str; 5] = ["id", "version", "area", "changed_at", "changed_by"];

/// What the ledger says of a subject's last change.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    pub version: i64,
    pub at: i64,
    pub actor: String,
}

/// All rows of a subject: the one of the main table first.
pub(crate) fn project<S: Subject>(subject: &S, stamp: &Stamp, payload: &str) -> Vec<Row> {
    let mut columns: Vec<(&'static str, Value)> = vec![
        (COMMON[0], Value::Text(subject.id())),
        (COMMON[1], Value::Int(stamp.version)),
        (COMMON[2], subject.area().map(String::from).into()),
        (COMMON[3], Value::Int(stamp.at)),
        (COMMON[4], Value::Text(stamp.actor.clone())),
    ];
    columns.extend(subject.columns());
    columns.push(("state", Value::from(payload)));
    let mut rows = vec![Row {
        table: S::KIND,
        columns,
    }];
    rows.extend(subject.rows());
    rows
}

/// A kind of subject, for what treats all kinds alike: verification and rebuilding.
pub(crate) struct Kind {
    pub name: &'static str,
    pub children: &'static [Child],
    /// The rows that a payload and a stamp stand for.
    pub project: fn(payload: &str, stamp: &Stamp) -> Result<Vec<Row>, StoreError>,
}

const fn kind<S: Subject>() -> Kind {
    Kind {
        name: S::KIND,
        children: S::CHILDREN,
        project: project_payload::<S>,
    }
}

fn project_payload<S: Subject>(payload: &str, stamp: &Stamp) -> Result<Vec<Row>, StoreError> {
    let subject: S = parse(payload)?;
    Ok(project(&subject, stamp, payload))
}

/// Reads a subject from its stored state.
pub(crate) fn parse<S: Subject>(payload: &str) -> Result<S, StoreError> {
    serde_json::from_str(payload).map_err(|error| StoreError::Unreadable {
        table: S::KIND.into(),
        id: String::new(),
        what: "state".into(),
        detail: error.to_string(),
    })
}

/// All kinds.
pub(crate) const KINDS: &[Kind] = &[
    kind::<anju_model::register::County>(),
    kind::<anju_model::area::Area>(),
    kind::<anju_model::register::Household>(),
    kind::<anju_model::register::IncomeYear>(),
    kind::<anju_model::register::SignedConsent>(),
    kind::<anju_model::register::HouseholdDocument>(),
    kind::<anju_model::roster::Roster>(),
    kind::<crate::roster::RosterPart>(),
    kind::<anju_model::amendment::Amendment>(),
    kind::<anju_model::bulk::BulkChange>(),
    kind::<anju_model::bulk::SavedView>(),
    kind::<anju_model::register::ImportedFile>(),
    kind::<crate::exchange::ImportProfile>(),
    kind::<crate::attachment::Attachment>(),
    kind::<anju_model::lookback::ExtractRecord>(),
    kind::<anju_model::lookback::ThreatenedHousehold>(),
    kind::<anju_model::hazard::HazardPoint>(),
    kind::<anju_model::category::DepartmentListing>(),
    kind::<anju_model::category::EvidenceRecord>(),
    kind::<anju_model::lookback::LookbackItem>(),
    kind::<anju_model::identification::IdentificationCase>(),
    kind::<anju_model::identification::PublicityNotice>(),
    kind::<anju_model::identification::Objection>(),
    kind::<anju_model::land::Layer>(),
    kind::<anju_model::land::LandAssessment>(),
    kind::<anju_model::land::Candidate>(),
    kind::<anju_model::register::StockHousing>(),
    kind::<anju_model::register::Fund>(),
    kind::<anju_model::plan::Plan>(),
    kind::<anju_model::plan::Assignment>(),
    kind::<anju_model::access::User>(),
    kind::<anju_model::access::Session>(),
    kind::<anju_model::access::SignInGuard>(),
    kind::<anju_model::access::SecondFactor>(),
    kind::<anju_model::access::ProviderIdentity>(),
    kind::<anju_model::access::Unmasking>(),
    kind::<anju_model::job::Job>(),
    kind::<anju_model::erasure::Erasure>(),
];

/// The names of all kinds of subject, in alphabetical order.
pub fn kinds() -> Vec<&'static str> {
    let mut names: Vec<&'static str> = KINDS.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names
}
