//! What a household's category of relocation stands on: typed evidence, and whether it is enough by the policy pack's rules.
//!
//! Each category has rules of its own ([`crate::policy::AcceptanceRule`]). A rule that lacks a fact cannot decide, and
//! what cannot be decided is not accepted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::amendment::Evidence;
use crate::area::AreaCode;
use crate::code_list;
use crate::code_list::Text;
use crate::hazard::HazardRisk;
use crate::identity::IdNumber;
use crate::roster::is_line;

code_list! {
    /// Protected land on which a home stands.
    ProtectedZone {
        ReserveCore = "reserve_core", "自然保护区核心区", "core zone of a reserve";
        ReserveBuffer = "reserve_buffer", "自然保护区缓冲区", "buffer zone of a reserve";
        RedLine = "red_line", "生态保护红线", "ecological red line";
        FragileArea = "fragile_area", "名录内生态脆弱区", "listed fragile area";
    }
}

/// A household on an approved list of the department that answers for poverty (部门核定名单), as imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DepartmentListing {
    /// UUIDv7.
    pub id: Uuid,
    /// Name of the file it came from.
    pub file: String,
    /// Row in that file, counted from 1.
    pub row: u32,
    /// Number of the document that approved the list.
    pub document: String,
    /// The office that issued it.
    pub office: String,
    /// Name of the head, or of the member the list names.
    pub name: String,
    /// ID number as written.
    pub id_number: Option<IdNumber>,
    /// The village, where the list says it.
    pub area: Option<AreaCode>,
}

/// One piece of evidence for a category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CategoryEvidence {
    /// The household stands on the department's list; comes from the imported list alone.
    DepartmentListEntry {
        /// Number of the document.
        document: String,
        /// The office that issued the list.
        office: String,
        /// File and row of the entry.
        entry: String,
    },
    /// An assessment of the hazard at the household's home.
    HazardAssessment {
        /// Number of the report.
        number: String,
        /// Its date.
        date: Date,
        /// Grade of risk it finds.
        level: HazardRisk,
        /// Whether engineering cannot make the place safe.
        cannot_be_made_safe: bool,
        /// The report itself.
        #[serde(default)]
        attachment: Option<Evidence>,
    },
    /// The home stands on a protected parcel.
    ProtectedParcel {
        /// Number of the parcel.
        reference: String,
        /// What it is protected as.
        zone: ProtectedZone,
        /// Document or map sheet that shows it.
        document: String,
        /// The sheet itself.
        #[serde(default)]
        attachment: Option<Evidence>,
    },
    /// The home stands on the land of a project.
    Project {
        /// Name of the project.
        name: String,
        /// Document that approved it.
        document: String,
        /// The document itself.
        #[serde(default)]
        attachment: Option<Evidence>,
    },
}

code_list! {
    /// Kind of evidence for a category.
    EvidenceKind {
        DepartmentListEntry = "department_list_entry", "部门核定名单", "entry on the department's list";
        HazardAssessment = "hazard_assessment", "灾害风险评估", "hazard assessment";
        ProtectedParcel = "protected_parcel", "保护地块", "protected parcel";
        Project = "project", "项目用地", "project";
    }
}

impl CategoryEvidence {
    /// Its kind.
    pub fn kind(&self) -> EvidenceKind {
        match self {
            Self::DepartmentListEntry { .. } => EvidenceKind::DepartmentListEntry,
            Self::HazardAssessment { .. } => EvidenceKind::HazardAssessment,
            Self::ProtectedParcel { .. } => EvidenceKind::ProtectedParcel,
            Self::Project { .. } => EvidenceKind::Project,
        }
    }

    /// The file attached to it.
    pub fn attachment(&self) -> Option<&Evidence> {
        match self {
            Self::DepartmentListEntry { .. } => None,
            Self::HazardAssessment { attachment, .. }
            | Self::ProtectedParcel { attachment, .. }
            | Self::Project { attachment, .. } => attachment.as_ref(),
        }
    }

    /// Checks what people write by hand; gives the field that is wrong.
    ///
    /// # Errors
    /// The field that is no line of text.
    pub fn check(&self) -> Result<(), &'static str> {
        let lines: Vec<(&String, &'static str)> = match self {
            Self::DepartmentListEntry { document, office, .. } => {
                vec![(document, "document"), (office, "office")]
            }
            Self::HazardAssessment { number, .. } => vec![(number, "number")],
            Self::ProtectedParcel {
                reference, document, ..
            } => vec![(reference, "reference"), (document, "document")],
            Self::Project { name, document, .. } => vec![(name, "name"), (document, "document")],
        };
        match lines.iter().find(|(text, _)| !is_line(text)) {
            Some((_, field)) => Err(field),
            None => Ok(()),
        }
    }
}

/// Evidence recorded for a household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EvidenceRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// The household.
    pub household: Uuid,
    /// Where it is.
    pub area: AreaCode,
    /// What was recorded.
    pub evidence: CategoryEvidence,
    /// Who recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: Timestamp,
}

code_list! {
    /// What a rule of acceptance does where it is not met.
    AcceptanceSeverity {
        Block = "block", "不符合则不予认定", "refused where not met";
        Ask = "ask", "提示核实", "asked about where not met";
    }
}

code_list! {
    /// Whether a household is accepted in its category.
    AcceptanceState {
        Accepted = "accepted", "符合", "accepted";
        Missing = "missing", "不符合", "not met";
        Unknown = "unknown", "依据不足,无法判定", "cannot be decided";
        NoRule = "no_rule", "无准入条件", "no rule";
    }
}

code_list! {
    /// What a rule says of a household.
    RuleOutcome {
        Met = "met", "符合", "met";
        NotMet = "not_met", "不符合", "not met";
        CannotDecide = "cannot_decide", "无法判定", "cannot be decided";
    }
}

/// What one rule says of a household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AcceptanceFinding {
    /// Id of the rule.
    pub rule: String,
    /// What it is called.
    pub name: Text,
    /// What it does where it is not met.
    pub severity: AcceptanceSeverity,
    /// What it says.
    pub outcome: RuleOutcome,
    /// Why, with the values.
    pub explanation: Text,
    /// What is to be done; empty where it is met.
    pub action: Text,
    /// The values used, by `group.fact`.
    pub values: BTreeMap<String, String>,
    /// The fact that is not recorded.
    pub missing: Option<String>,
    /// The documents the rule stands on.
    pub cites: Vec<String>,
}

/// Whether a household is accepted in its category, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AcceptanceVerdict {
    /// The verdict.
    pub state: AcceptanceState,
    /// What each rule of the category says.
    pub findings: Vec<AcceptanceFinding>,
    /// The pack that decided.
    pub pack: String,
}

impl AcceptanceVerdict {
    /// The verdict of these findings: what blocks and is not met outweighs what cannot be decided, and neither is
    /// accepted.
    pub fn of(findings: Vec<AcceptanceFinding>, pack: String) -> Self {
        let blocking = |outcome: RuleOutcome| {
            findings
                .iter()
                .any(|finding| finding.severity == AcceptanceSeverity::Block && finding.outcome == outcome)
        };
        let state = if findings.is_empty() {
            AcceptanceState::NoRule
        } else if blocking(RuleOutcome::NotMet) {
            AcceptanceState::Missing
        } else if blocking(RuleOutcome::CannotDecide) {
            AcceptanceState::Unknown
        } else {
            AcceptanceState::Accepted
        };
        Self {
            state,
            findings,
            pack,
        }
    }

    /// Whether the household may go on a roster.
    pub fn passes(&self) -> bool {
        matches!(self.state, AcceptanceState::Accepted | AcceptanceState::NoRule)
    }

    /// What is missing, for a refusal.
    pub fn missing(&self) -> Text {
        let names: Vec<&Text> = self
            .findings
            .iter()
            .filter(|finding| {
                finding.severity == AcceptanceSeverity::Block && finding.outcome != RuleOutcome::Met
            })
            .map(|finding| &finding.name)
            .collect();
        let list = |of: fn(&Text) -> &str, between: &str| {
            names
                .iter()
                .map(|name| of(name))
                .collect::<Vec<_>>()
                .join(between)
        };
        Text::new(list(|name| &name.zh, "、"), list(|name| &name.en, ", "))
    }
}
