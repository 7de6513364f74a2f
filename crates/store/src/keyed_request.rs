//! Requests that carry an idempotency key: claimed before they are carried out, marked within the very transaction that
//! carries them out, and remembered with their answer, so that a repetition changes nothing.
//!
//! These rows are no state of the register and not on the ledger. The key itself is never stored, only hashes made with
//! it; what may be kept of an answer is for the caller to decide.

use jiff::Timestamp;

use crate::database::Answer;
use crate::transaction::Tx;
use crate::value::{Record, Value};
use crate::{Db, StoreError};

/// How far a request came; 2 is answered.
const BEGUN: i64 = 0;
const CARRIED_OUT: i64 = 1;

/// A request about to be carried out.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Hash of the user and the key.
    pub id: String,
    /// Hash of the key and what is asked for.
    pub fingerprint: String,
    /// New for each attempt: who comes later cannot finish what an earlier attempt began.
    pub claim: String,
    /// Now.
    pub at: Timestamp,
    /// Rows from before this are forgotten.
    pub forget_before: Timestamp,
    /// An attempt from before this that was not carried out is over: its process ended.
    pub over_before: Timestamp,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is to be carried out.
    Granted,
    /// The key stands for another request.
    OtherRequest,
    /// Another attempt is under way.
    UnderWay,
    /// It was carried out, but the answer is not known.
    CarriedOut,
    /// It was carried out and answered.
    Answered(KeptAnswer),
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Status.
    pub status: u16,
    /// Headers that belong to the body, as the caller wrote them down.
    pub headers: String,
    /// Body.
    pub body: Vec<u8>,
}

impl Db {
    /// Claims a request.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn claim_request<'a>(&'a self, claim: &'a Claim) -> Answer<'a, Claimed> {
        Box::pin(self.run_claim_request(claim))
    }

    async fn run_claim_request(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let mut link = self.begin_writing().await?;
        link.execute(
            "DELETE FROM keyed_request WHERE claimed_at < $1 OR (id = $2 AND stage = 0 AND claimed_at < $3)",
            &[
                claim.forget_before.into(),
                claim.id.as_str().into(),
                claim.over_before.into(),
            ],
        )
        .await?;
        let sql =
            "SELECT fingerprint, stage, status, headers, body, claimed_at FROM keyed_request WHERE id = $1";
        if let Some(row) = link.first(sql, &[claim.id.as_str().into()]).await? {
            link.commit().await?;
            return found(&row, claim);
        }
        let row = vec![
            claim.id.as_str().into(),
            claim.fingerprint.as_str().into(),
            claim.claim.as_str().into(),
            claim.at.into(),
            Value::Int(BEGUN),
        ];
        let columns = ["id", "fingerprint", "claim", "claimed_at", "stage"];
        link.insert("keyed_request", &columns, vec![row]).await?;
        link.commit().await?;
        Ok(Claimed::Granted)
    }

    /// Keeps the answer of a request that was carried out.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn keep_answer<'a>(&'a self, claim: &'a Claim, answer: KeptAnswer) -> Answer<'a, ()> {
        Box::pin(async move {
            let mut link = self.begin_writing().await?;
            link.execute(
                "UPDATE keyed_request SET stage = 2, status = $1, headers = $2, body = $3 WHERE id = $4 AND claim = $5",
                &[
                    Value::Int(i64::from(answer.status)),
                    answer.headers.into(),
                    answer.body.into(),
                    claim.id.as_str().into(),
                    claim.claim.as_str().into(),
                ],
            )
            .await?;
            link.commit().await
        })
    }

    /// Marks a request as carried out whose answer is not kept.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn keep_no_answer<'a>(&'a self, claim: &'a Claim) -> Answer<'a, ()> {
        self.settle(
            &["UPDATE keyed_request SET stage = 2 WHERE id = $1 AND claim = $2"],
            claim,
        )
    }

    /// Forgets a request that was refused, unless a part of it was carried out: it can be sent again.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn release_request<'a>(&'a self, claim: &'a Claim) -> Answer<'a, ()> {
        self.settle(
            &[
                "DELETE FROM keyed_request WHERE id = $1 AND claim = $2 AND stage = 0",
                "UPDATE keyed_request SET stage = 2 WHERE id = $1 AND claim = $2",
            ],
            claim,
        )
    }

    fn settle<'a>(&'a self, statements: &'a [&'static str], claim: &'a Claim) -> Answer<'a, ()> {
        Box::pin(async move {
            let mut link = self.begin_writing().await?;
            for sql in statements {
                link.execute(sql, &[claim.id.as_str().into(), claim.claim.as_str().into()])
                    .await?;
            }
            link.commit().await
        })
    }
}

fn found(row: &Record, claim: &Claim) -> Result<Claimed, StoreError> {
    if row.text(0)? != claim.fingerprint {
        return Ok(Claimed::OtherRequest);
    }
    let stage = row.int(1)?;
    // Between carrying out and answering there is a moment, or for ever when the process ended then.
    let over = row.int(5)? < claim.over_before.as_microsecond();
    if stage == BEGUN || (stage == CARRIED_OUT && !over) {
        return Ok(Claimed::UnderWay);
    }
    let Some(status) = row.optional(2, Record::int)? else {
        return Ok(Claimed::CarriedOut);
    };
    Ok(Claimed::Answered(KeptAnswer {
        status: u16::try_from(status).unwrap_or(500),
        headers: row.text(3)?.to_owned(),
        body: row.bytes(4)?.to_vec(),
    }))
}

impl Tx {
    /// Marks a claimed request as carried out, together with what this transaction writes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the claim is not held any more.
    pub fn carry_out<'a>(&'a mut self, id: &'a str, claim: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let sql = "UPDATE keyed_request SET stage = 1 WHERE id = $1 AND claim = $2";
            match self.link.execute(sql, &[id.into(), claim.into()]).await? {
                0 => Err(StoreError::NotFound {
                    kind: "keyed_request",
                    id: id.to_owned(),
                }),
                _ => Ok(()),
            }
        })
    }
}
