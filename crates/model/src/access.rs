//! Who may do what, where: roles, actions and the users that hold them.
//!
//! The rule is one table ([`Role::may`]) and one prefix: a user may act on a subject when the role allows the action
//! and the subject's area code starts with the user's.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;

code_list! {
    /// What a user is in the relocation office's work.
    Role {
        Administrator = "administrator", "系统管理员", "administrator";
        CountyOfficer = "county_officer", "县搬迁办", "county relocation officer";
        TownshipOfficer = "township_officer", "乡镇干部", "township officer";
        Inspector = "inspector", "督查人员", "inspector";
    }
}

code_list! {
    /// What can be done. Each use case names the one action it needs.
    Action {
        ReadRegister = "read_register", "查看名册", "read the register";
        ImportData = "import_data", "导入数据", "import data";
        RunAnalysis = "run_analysis", "运行核查、选址和规划", "run look-back, land and plan";
        DecideLookback = "decide_lookback", "处理回头看事项", "decide look-back items";
        ReviewInVillage = "review_in_village", "办理村级评议和公示", "take the village's steps of identification";
        CheckInTownship = "check_in_township", "办理乡镇审核", "take the township's steps of identification";
        DecideInCounty = "decide_in_county", "办理县级审批和公示", "take the county's steps of identification";
        DraftRoster = "draft_roster", "编制名册", "draft rosters";
        ApproveRoster = "approve_roster", "核定名册和批准变更", "freeze rosters and approve amendments";
        AskAmendment = "ask_amendment", "提出变更", "ask for amendments";
        CheckAmendment = "check_amendment", "乡镇审核变更", "check amendments for the township";
        ReadLedger = "read_ledger", "查看账本", "read the ledger";
        ManageUsers = "manage_users", "管理用户", "manage users";
        EraseContent = "erase_content", "依法删除账本内容", "erase content of the ledger on legal order";
    }
}

impl Role {
    /// The table of permissions.
    pub fn may(self, action: Action) -> bool {
        use Action::{
            CheckInTownship, DecideInCounty, DecideLookback, EraseContent, ImportData, ManageUsers, ReadLedger,
            ReadRegister, ReviewInVillage, RunAnalysis,
            ApproveRoster, AskAmendment, CheckAmendment, DecideLookback, DraftRoster, ImportData,
            ManageUsers, ReadLedger, ReadRegister, RunAnalysis,
        };
        match self {
            Role::Administrator => true,
            Role::CountyOfficer => {
                matches!(
                    action,
                    ReadRegister | ImportData | RunAnalysis | DecideLookback | DecideInCounty | ReadLedger
                )
            }
            Role::TownshipOfficer => matches!(
                action,
                ReadRegister | DecideLookback | ReviewInVillage | CheckInTownship
            ),
            Role::Inspector => match action {
                ReadRegister | ReadLedger => true,
                ImportData | RunAnalysis | DecideLookback | ReviewInVillage | CheckInTownship
                | DecideInCounty | ManageUsers | EraseContent => false,
                    ReadRegister
                        | ImportData
                        | RunAnalysis
                        | DecideLookback
                        | DraftRoster
                        | ApproveRoster
                        | AskAmendment
                        | ReadLedger
                )
            }
            Role::TownshipOfficer => {
                matches!(
                    action,
                    ReadRegister | DecideLookback | AskAmendment | CheckAmendment
                )
            }
            Role::Inspector => match action {
                ReadRegister | ReadLedger => true,
                ImportData | RunAnalysis | DecideLookback | DraftRoster | ApproveRoster | AskAmendment
                | CheckAmendment | ManageUsers => false,
            },
        }
    }
}

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// UUIDv7.
    pub id: Uuid,
    /// The name typed at sign-in, unique.
    pub name: String,
    /// The name shown to others.
    pub display_name: String,
    /// What the user is.
    pub role: Role,
    /// The area whose subjects the user sees.
    pub area: AreaCode,
    /// The password as an argon2id PHC string.
    pub password_hash: String,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
}

/// A signed-in browser. The token itself is never stored, only its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// UUIDv7.
    pub id: Uuid,
    /// The user signed in.
    pub user: Uuid,
    /// SHA-256 of the token, in hex.
    pub token_hash: String,
    /// When the session began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When the user signed out.
    pub ended_at: Option<Timestamp>,
}
