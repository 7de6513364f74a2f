//! Long work.

use anju_model::area::AreaCode;
use anju_model::job::{Job, JobState};

use crate::read::{VERSIONED, versioned};
use crate::{Db, StoreError, Subject, Value, Versioned};

impl Subject for Job {
    const KIND: &'static str = "job";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn area(&self) -> Option<AreaCode> {
        None
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("kind", self.kind.code().into()),
            ("job_state", self.state.code().into()),
            ("requested_by", self.requested_by.as_str().into()),
            ("started_at", self.started_at.into()),
            ("finished_at", self.finished_at.into()),
        ]
    }
}

/// Jobs, newest first, at most `limit`; 0 means all.
///
/// # Errors
/// When the database fails.
pub async fn latest(db: &Db, limit: u32) -> Result<Vec<Versioned<Job>>, StoreError> {
    let limit = if limit == 0 {
        String::new()
    } else {
        format!(" LIMIT {limit}")
    };
    let sql = format!("SELECT {VERSIONED} FROM job ORDER BY started_at DESC, id DESC{limit}");
    db.all(&sql, &[]).await?.iter().map(versioned).collect()
}

/// Jobs in a state, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn in_state(db: &Db, state: JobState) -> Result<Vec<Versioned<Job>>, StoreError> {
    let sql = format!("SELECT {VERSIONED} FROM job WHERE job_state = $1 ORDER BY started_at, id");
    db.all(&sql, &[state.code().into()])
        .await?
        .iter()
        .map(versioned)
        .collect()
}
