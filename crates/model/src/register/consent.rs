//! Consent: a dated, signed, evidenced choice of a household, and the ones before it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ConsentChoice, Pathway};
use crate::amendment::Evidence;
use crate::area::AreaCode;
use crate::code_list;

code_list! {
    /// How a consent was taken.
    ConsentTaking {
        Written = "written", "书面", "in writing";
        Oral = "oral", "口头(有见证人)", "orally, with a witness";
    }
}

code_list! {
    /// In which quality somebody signed, whoever it was.
    SignerQuality {
        Member = "member", "家庭成员", "member of the household";
        Representative = "representative", "代理人", "representative";
    }
}

/// In which quality somebody signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum SignerRole {
    /// An adult member of the household.
    Member {
        /// Which.
        person: Uuid,
    },
    /// Somebody who stands for it.
    Representative {
        /// By which right: guardian, power of attorney and its number.
        basis: String,
    },
}

/// A member who does otherwise than the household: an elder who stays, somebody of working age who goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberException {
    /// The member.
    pub person: Uuid,
    /// What he or she chose.
    pub choice: ConsentChoice,
    /// How he or she is settled, when that choice is to move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pathway: Option<Pathway>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
}

/// A dated, signed choice of a household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Consent {
    /// What was chosen.
    pub choice: ConsentChoice,
    /// The pathway chosen, when the choice is to move.
    pub pathway: Option<Pathway>,
    /// The township it would like to live in.
    pub preferred_township: Option<AreaCode>,
    /// The site it would like to live in, by the name people use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preferred_site: Option<String>,
    /// Whether it accepts a site outside its own township (and the preferred one).
    pub accepts_other_township: bool,
    /// Members who do otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<MemberException>,
    /// Who signed.
    pub signer: String,
    /// In which quality; lists that were imported do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub signer_role: Option<SignerRole>,
    /// Who saw it signed, or heard it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub witness: Option<String>,
    /// How it was taken; lists that were imported do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub taking: Option<ConsentTaking>,
    /// When.
    pub date: Date,
    /// Number or file name of the signed form.
    pub evidence: Option<String>,
    /// The signed form itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub form: Option<Evidence>,
}

impl Consent {
    /// A choice of which no more is said than who signed it and when.
    pub fn new(choice: ConsentChoice, signer: impl Into<String>, date: Date) -> Self {
        Self {
            choice,
            pathway: None,
            preferred_township: None,
            preferred_site: None,
            accepts_other_township: false,
            exceptions: Vec::new(),
            signer: signer.into(),
            signer_role: None,
            witness: None,
            taking: None,
            date,
            evidence: None,
            form: None,
        }
    }
}

/// That a household took its word back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Withdrawal {
    /// The day it did.
    pub date: Date,
    /// Why, in its words.
    pub reason: String,
    /// The paper about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub evidence: Option<Evidence>,
    /// Who recorded it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A consent on record. The newest of a household that was not withdrawn stands; the ones before stay readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignedConsent {
    /// UUIDv7.
    pub id: Uuid,
    /// The household.
    pub household: Uuid,
    /// Where the household was.
    pub area: AreaCode,
    /// What was signed.
    pub consent: Consent,
    /// Who recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Timestamp,
    /// That it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub withdrawal: Option<Withdrawal>,
}
