//! The look-back stage (回头看): departments' extracts and the items of the worklist.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list::Text;
use crate::identity::{IdNumber, Sex};
use crate::money::Fen;
use crate::{code_list, register::FileKind};

/// What a department knows of a person or a thing the person owns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "register", rename_all = "snake_case")]
pub enum ExtractFacts {
    /// 公安户籍.
    CivilRegistry {
        /// Sex in the civil registry.
        sex: Option<Sex>,
        /// Birth date in the civil registry.
        birth_date: Option<Date>,
        /// Date of death, for the dead.
        death_date: Option<Date>,
        /// Number of the hukou book (户号).
        hukou_number: Option<String>,
        /// Registered address as written.
        address: Option<String>,
    },
    /// 社会保险.
    SocialInsurance {
        /// Scheme, e.g. 城镇职工 or 城乡居民.
        scheme: String,
        /// Employer who pays, if any.
        employer: Option<String>,
        /// Monthly contribution base.
        base: Option<Fen>,
    },
    /// 车辆登记.
    Vehicle {
        /// Number plate.
        plate: String,
        /// Kind, e.g. 小型轿车 or 两轮摩托车.
        kind: String,
        /// Purchase price.
        price: Option<Fen>,
        /// First registration.
        registered: Option<Date>,
        /// State, e.g. 正常 or 注销.
        state: Option<String>,
    },
    /// 不动产登记.
    RealEstate {
        /// Kind, e.g. 商品住宅, 商铺, 移民安置房, 宅基地房屋.
        kind: String,
        /// Address.
        address: Option<String>,
        /// Floor area, m².
        area_m2: Option<f64>,
        /// Registration date.
        registered: Option<Date>,
    },
    /// 市场主体登记.
    Company {
        /// Name of the company.
        company: String,
        /// The person's role, e.g. 法定代表人.
        role: Option<String>,
        /// State, e.g. 存续 or 注销.
        state: Option<String>,
        /// Registered capital.
        capital: Option<Fen>,
        /// Registration date.
        registered: Option<Date>,
    },
    /// 财政供养.
    PublicPayroll {
        /// Employing unit.
        unit: String,
        /// Post.
        post: Option<String>,
        /// State, e.g. 在职 or 离职.
        state: Option<String>,
    },
}

impl ExtractFacts {
    /// The kind of file such a record comes from.
    pub fn file_kind(&self) -> FileKind {
        match self {
            Self::CivilRegistry { .. } => FileKind::CivilRegistry,
            Self::SocialInsurance { .. } => FileKind::SocialInsurance,
            Self::Vehicle { .. } => FileKind::Vehicles,
            Self::RealEstate { .. } => FileKind::RealEstate,
            Self::Company { .. } => FileKind::Companies,
            Self::PublicPayroll { .. } => FileKind::PublicPayroll,
        }
    }
}

/// One row of a department's extract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtractRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// Name of the file it came from.
    pub file: String,
    /// Row in that file, counted from 1.
    pub row: u32,
    /// Name of the person as written.
    pub name: String,
    /// ID number as written.
    pub id_number: Option<IdNumber>,
    /// What the department knows.
    #[serde(flatten)]
    pub facts: ExtractFacts,
}

/// One household on a hazard point's list of threatened households (受威胁户清单).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThreatenedHousehold {
    /// UUIDv7.
    pub id: Uuid,
    /// Name of the file it came from.
    pub file: String,
    /// Row in that file, counted from 1.
    pub row: u32,
    /// Code of the hazard point.
    pub hazard_point: String,
    /// The village.
    pub area: AreaCode,
    /// Name of the head.
    pub head_name: String,
    /// ID number of the head as written.
    pub head_id_number: Option<IdNumber>,
    /// Persons in the household.
    pub persons: u32,
    /// Whether the assessment says it must move.
    pub must_move: bool,
}

code_list! {
    /// What the item asks for.
    Severity {
        Block = "block", "必须更正", "must be corrected";
        Clear = "clear", "清除", "grounds for removal";
        Examine = "examine", "严审", "examine strictly";
        Omission = "omission", "疑似漏报", "suspected omission";
        Ask = "ask", "核实", "ask";
    }
}

code_list! {
    /// What was decided on an item.
    ItemState {
        Open = "open", "待核实", "open";
        Confirmed = "confirmed", "属实", "confirmed";
        Dismissed = "dismissed", "排除", "dismissed";
    }
}

/// One thing to be checked in the field, with the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LookbackItem {
    /// UUIDv7.
    pub id: Uuid,
    /// Stable rule id, e.g. `identity.duplicate_person`.
    pub rule: String,
    /// What it asks for.
    pub severity: Severity,
    /// Where the household is.
    pub area: AreaCode,
    /// The household, unless the item is about one that is absent from the register.
    pub household: Option<Uuid>,
    /// The person, when the item is about one.
    pub person: Option<Uuid>,
    /// The other household of a pair.
    pub other_household: Option<Uuid>,
    /// The other person of a pair.
    pub other_person: Option<Uuid>,
    /// The department's record or list entry that speaks against it.
    pub evidence: Vec<Uuid>,
    /// The named values that led to it.
    pub values: BTreeMap<String, String>,
    /// What was found, with the values, in both languages.
    pub explanation: Text,
    /// What the field worker should do.
    pub action: Text,
    /// Probability that the item is right, 0 to 1; 1 for rules that do not estimate.
    pub probability: f64,
    /// What was decided.
    pub state: ItemState,
    /// Why it was decided so.
    pub decision_reason: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
}
