//! Long work: its kinds and its states. Progress while running is not a fact worth proving and lives in memory.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::code_list;

code_list! {
    /// What a job does.
    JobKind {
        Lookback = "lookback", "回头看核查", "look-back checks";
        Land = "land", "用地评价与选址", "land assessment";
        Plan = "plan", "安置规划", "relocation plan";
        VerifyLedger = "verify_ledger", "账本校验", "ledger verification";
        Identification = "identification", "认定批量办理", "steps of identification";
    }
}

code_list! {
    /// Where a job stands.
    JobState {
        Running = "running", "运行中", "running";
        Done = "done", "已完成", "done";
        Failed = "failed", "失败", "failed";
        Cancelled = "cancelled", "已取消", "cancelled";
    }
}

/// One run of long work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Job {
    /// UUIDv7.
    pub id: Uuid,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub state: JobState,
    /// The sign-in name of who asked for it.
    pub requested_by: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended, whatever the outcome.
    pub finished_at: Option<Timestamp>,
    /// Why it failed, in words for the person who asked.
    pub error: Option<String>,
    /// The figures it found, as a JSON object.
    pub result: Option<serde_json::Value>,
}
