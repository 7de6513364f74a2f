//! Making the state tables again from the log.

use anju_ledger::VerifyingKey;

use crate::database::{Answer, Link};
use crate::register::remake_tally;
use crate::subject::{KINDS, Kind};
use crate::transaction::insert_rows;
use crate::verify::{check_log, latest_states};
use crate::{Db, StoreError};

/// Empties the state tables and fills them from the last entry of each subject. Returns the number of subjects.
///
/// # Errors
/// [`StoreError::LogInvalid`] when the log does not verify: nothing is touched then.
pub fn rebuild<'a>(db: &'a Db, key: &'a VerifyingKey) -> Answer<'a, u64> {
    Box::pin(rebuild_all(db, key))
}

async fn rebuild_all(db: &Db, key: &VerifyingKey) -> Result<u64, StoreError> {
    let mut link = db.begin_writing().await?;
    let checked = check_log(&mut link, None, key, &|_| std::ops::ControlFlow::Continue(())).await?;
    if let Some(difference) = checked.differences.first() {
        return Err(StoreError::LogInvalid(difference.to_string()));
    }
    for kind in KINDS {
        empty(&mut link, kind).await?;
    }
    let mut subjects = 0;
    for kind in KINDS {
        subjects += fill(&mut link, kind).await?;
    }
    remake_tally(&mut link).await?;
    link.commit().await?;
    Ok(subjects)
}

/// Makes the rows of one kind again, for a migration that lays them out in another way.
pub(crate) async fn lay_out_again(link: &mut Link, kind: &str) -> Result<(), StoreError> {
    for kind in KINDS.iter().filter(|known| known.name == kind) {
        empty(link, kind).await?;
        fill(link, kind).await?;
    }
    Ok(())
}

async fn empty(link: &mut Link, kind: &Kind) -> Result<(), StoreError> {
    for child in kind.children {
        link.execute(&format!("DELETE FROM {}", child.table), &[]).await?;
    }
    link.execute(&format!("DELETE FROM {}", kind.name), &[]).await?;
    Ok(())
}

/// Fills the tables of a kind from the last entry of each subject; returns the number of subjects.
async fn fill(link: &mut Link, kind: &Kind) -> Result<u64, StoreError> {
    let mut subjects = 0;
    let mut after = String::new();
    loop {
        let states = latest_states(link, kind.name, &after).await?;
        let Some(last) = states.last() else {
            return Ok(subjects);
        };
        after.clone_from(&last.id);
        let mut rows = Vec::new();
        for state in &states {
            if let Some(payload) = &state.payload {
                rows.extend((kind.project)(payload, &state.stamp)?);
                subjects += 1;
            }
        }
        insert_rows(link, rows).await?;
    }
}
