//! Idempotency keys: a request sent twice, because its answer was lost on the way, is carried out once.
//!
//! A key belongs to the user who made it up and holds for a day. The request is claimed first; the use case marks it as
//! carried out within its own transaction; the answer is kept afterwards. So a process that ends in between leaves
//! either nothing, and the request can be sent again, or the knowledge that it was carried out.

pub use anju_store::keyed_request::KeptAnswer;
use anju_store::keyed_request::{Claim, Claimed};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use crate::{AppError, Caller, Workspace};

/// How long a key holds.
const HOURS: i64 = 24;

/// After this time an attempt that carried nothing out is taken for ended.
const ATTEMPT_MINUTES: i64 = 15;

/// A request under its key.
#[derive(Debug, Clone)]
pub struct Keyed(Claim);

/// What is to be done with a request that carries a key.
#[derive(Debug, Clone)]
pub enum Attempt {
    /// Carry it out, as this caller, and [`Keyed::answered`] or [`Keyed::refused`] afterwards.
    Perform(Keyed, Caller),
    /// It was answered before.
    Repeat(KeptAnswer),
}

/// Begins a request of `caller` under `key`; `asked` is all that it asks for: method, address, body.
///
/// # Errors
/// [`AppError::Invalid`] with code `idempotency_key` for a key that is none, `idempotency_key_reused` when it stood for
/// another request, `idempotency_key_under_way` while an attempt is under way, `idempotency_answer_unknown` when it was
/// carried out but its answer was not kept.
pub async fn begin(
    workspace: &Workspace,
    caller: &Caller,
    key: &str,
    asked: &[&[u8]],
) -> Result<Attempt, AppError> {
    let well_formed = (16..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !well_formed {
        return Err(AppError::invalid(
            "idempotency_key",
            "Idempotency-Key",
            "Idempotency-Key 须为 16 至 128 个可见 ASCII 字符,每次操作用一个新的,例如 UUID",
            "an Idempotency-Key has 16 to 128 visible ASCII characters, new for each intent, for instance a UUID",
        ));
    }
    let now = workspace.now();
    let claim = Claim {
        id: hash(&[caller.name().as_bytes(), key.as_bytes()]),
        // The key is not stored: without it nobody can try out what the body was, which may hold a password.
        fingerprint: hash(&[&[key.as_bytes()], asked].concat()),
        claim: workspace.random_hex::<16>(),
        at: now,
        forget_before: now - SignedDuration::from_hours(HOURS),
        over_before: now - SignedDuration::from_mins(ATTEMPT_MINUTES),
    };
    let invalid = |code, zh: &str, en: &str| Err(AppError::invalid(code, "Idempotency-Key", zh, en));
    match workspace.db().claim_request(&claim).await? {
        Claimed::Granted => {
            let caller = caller.under_key(&claim.id, &claim.claim);
            Ok(Attempt::Perform(Keyed(claim), caller))
        }
        Claimed::Answered(answer) => Ok(Attempt::Repeat(answer)),
        Claimed::OtherRequest => invalid(
            "idempotency_key_reused",
            "此 Idempotency-Key 已用于另一请求;请换一个新的",
            "this Idempotency-Key stood for another request; use a new one",
        ),
        Claimed::UnderWay => invalid(
            "idempotency_key_under_way",
            "同一请求正在处理,请稍候再试",
            "the same request is being carried out; try again in a moment",
        ),
        Claimed::CarriedOut => invalid(
            "idempotency_answer_unknown",
            "该请求已执行,其应答未保存;请查询对象的现状",
            "the request was carried out and its answer is not kept; read what it changed",
        ),
    }
}

impl Keyed {
    /// Keeps the answer; without one only that there was one, as for answers that hold a secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answered(&self, workspace: &Workspace, answer: Option<KeptAnswer>) -> Result<(), AppError> {
        match answer {
            Some(answer) => workspace.db().keep_answer(&self.0, answer).await?,
            None => workspace.db().keep_no_answer(&self.0).await?,
        }
        Ok(())
    }

    /// Gives the key free again, since nothing was carried out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refused(&self, workspace: &Workspace) -> Result<(), AppError> {
        Ok(workspace.db().release_request(&self.0).await?)
    }
}

/// SHA-256 of parts, each preceded by its length so that no two lists of parts are alike.
fn hash(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    anju_store::attachment::hex(&digest.finalize())
}
