//! Hazard points (隐患点): registered places of landslides, rockfalls, debris flows and the like, with what became of the
//! households they threaten.
//!
//! A point is closed by two people, and stays open while one household on its list is not safe. Which households are on
//! the list comes from the natural-resources department ([`crate::lookback::ThreatenedHousehold`]).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::area::AreaCode;
use crate::code_list;
use crate::code_list::Text;
use crate::identity::IdNumber;
use crate::lookback::ThreatenedHousehold;
use crate::register::Position;
use crate::roster::is_line;

code_list! {
    /// Kind of hazard.
    HazardKind {
        Landslide = "landslide", "滑坡", "landslide";
        Rockfall = "rockfall", "崩塌", "rockfall";
        DebrisFlow = "debris_flow", "泥石流", "debris flow";
        UnstableSlope = "unstable_slope", "不稳定斜坡", "unstable slope";
        GroundCollapse = "ground_collapse", "地面塌陷", "ground collapse";
        GroundSubsidence = "ground_subsidence", "地面沉降", "ground subsidence";
        GroundFissure = "ground_fissure", "地裂缝", "ground fissure";
        FlashFlood = "flash_flood", "山洪", "flash flood";
    }
}

code_list! {
    /// Scale of a hazard.
    HazardScale {
        Small = "small", "小型", "small";
        Medium = "medium", "中型", "medium";
        Large = "large", "大型", "large";
        VeryLarge = "very_large", "特大型", "very large";
    }
}

code_list! {
    /// Grade of risk, the highest first.
    HazardRisk {
        VeryHigh = "very_high", "极高", "very high";
        High = "high", "高", "high";
        Medium = "medium", "中", "medium";
        Low = "low", "低", "low";
    }
}

code_list! {
    /// State of a hazard point.
    HazardState {
        Active = "active", "活动", "active";
        Monitored = "monitored", "监测", "monitored";
        Treated = "treated", "已治理", "treated";
        Relocated = "relocated", "已搬迁", "relocated";
        Closed = "closed", "已销号", "closed";
    }
}

code_list! {
    /// Whether everybody in the range of a point moves, or some.
    RelocationExtent {
        Whole = "whole", "整点搬迁", "whole point";
        Partial = "partial", "局部搬迁", "part of the point";
    }
}

code_list! {
    /// How a threatened household became safe.
    SafetyReason {
        Moved = "moved", "已搬离", "moved away";
        Treated = "treated", "所在范围已治理", "its range was treated";
    }
}

/// What an assessment says of a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PointAssessment {
    /// Number of the report.
    pub number: String,
    /// Its date.
    pub date: Date,
    /// Whether engineering cannot make the range safe.
    pub cannot_be_made_safe: bool,
}

/// What is registered of a hazard point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HazardFacts {
    /// 隐患点编号, unique.
    pub code: String,
    /// What it is called.
    pub name: Option<String>,
    /// The village.
    pub area: AreaCode,
    /// Kind.
    pub kind: HazardKind,
    /// Scale.
    pub scale: Option<HazardScale>,
    /// Grade of risk.
    pub risk: Option<HazardRisk>,
    /// State. Closing is a step of its own.
    pub state: HazardState,
    /// Whether the whole point moves, or a part.
    pub extent: Option<RelocationExtent>,
    /// Households threatened by the department's figures, which the list of households need not reach yet.
    pub threatened_households: Option<u32>,
    /// Persons threatened by the same figures.
    pub threatened_persons: Option<u32>,
    /// The newest assessment.
    pub assessment: Option<PointAssessment>,
    /// Where it is.
    pub position: Option<Position>,
    /// The feature of a hazard layer that is its range, as the layer names it.
    pub layer_feature: Option<String>,
}

/// A household of the point's list that is safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SafeHousehold {
    /// Name of the head, as in the list.
    pub head_name: String,
    /// ID number of the head, as in the list.
    pub head_id_number: Option<IdNumber>,
    /// How it became safe.
    pub reason: SafetyReason,
    /// Since when.
    pub date: Date,
    /// What shows it: a protocol of the visit, a certificate of acceptance.
    pub evidence: String,
    /// Who recorded it.
    pub recorded_by: String,
}

/// That closing was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HazardClosing)]
pub struct Closing {
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// Number of the document.
    pub document: String,
}

/// A registered hazard point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HazardPoint {
    /// UUIDv7.
    pub id: Uuid,
    /// What is registered.
    #[serde(flatten)]
    pub facts: HazardFacts,
    /// Households of its list that are safe.
    #[serde(default)]
    pub safe: Vec<SafeHousehold>,
    /// That closing was asked for and nobody checked it yet.
    #[serde(default)]
    pub closing: Option<Closing>,
}

/// Why a step of a hazard point is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HazardError {
    /// Code, name or layer reference are no lines.
    Line {
        /// The field.
        field: &'static str,
    },
    /// A closed point changes only after it was opened again.
    Closed,
    /// A state that only the closing gives.
    ClosesByStep,
    /// Closing was asked for already.
    Asked,
    /// Closing was not asked for.
    NotAsked,
    /// The person who asked may not check.
    SamePerson,
    /// Households that are not safe.
    NotSafe {
        /// How many.
        households: u64,
    },
    /// No household of the list is called so.
    NotListed,
}

impl HazardError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Line { .. } => "hazard_line",
            Self::Closed => "hazard_closed",
            Self::ClosesByStep => "hazard_closes_by_step",
            Self::Asked => "hazard_asked",
            Self::NotAsked => "hazard_not_asked",
            Self::SamePerson => "same_person",
            Self::NotSafe { .. } => "hazard_not_safe",
            Self::NotListed => "hazard_not_listed",
        }
    }

    /// The field it is about.
    pub fn place(&self) -> &'static str {
        match self {
            Self::Line { field } => field,
            Self::ClosesByStep => "state",
            _ => "hazard_point",
        }
    }

    /// What is wrong and what to do.
    pub fn text(&self) -> Text {
        match self {
            Self::Line { field } => Text::new(
                format!("{field} 须为一行,不超过 200 个字"),
                format!("{field} must be one line of at most 200 characters"),
            ),
            Self::Closed => Text::new(
                "隐患点已销号;如需改动,请先恢复",
                "the point is closed; open it again before it is changed",
            ),
            Self::ClosesByStep => Text::new(
                "销号须先申请,再由他人核查",
                "a point is closed by asking and by another person's check",
            ),
            Self::Asked => Text::new(
                "已申请销号,等待核查",
                "closing was asked for and waits for the check",
            ),
            Self::NotAsked => Text::new("尚未申请销号", "closing was not asked for"),
            Self::SamePerson => Text::new(
                "申请人不能核查同一销号",
                "whoever asked for the closing may not check it",
            ),
            Self::NotSafe { households } => Text::new(
                format!("还有 {households} 户受威胁户未脱离危险,不能销号"),
                format!("{households} threatened households are not safe yet; the point stays open"),
            ),
            Self::NotListed => Text::new(
                "受威胁户清单中没有这一户",
                "the list of threatened households has no such household",
            ),
        }
    }
}

impl std::fmt::Display for HazardError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for HazardError {}

/// Whether a head of the list and one recorded as safe are the same: by ID number where both have one, else by name.
fn same_head(name: &str, number: Option<&IdNumber>, safe: &SafeHousehold) -> bool {
    let whole = |number: Option<&IdNumber>| number.and_then(IdNumber::to_18);
    match (whole(number), whole(safe.head_id_number.as_ref())) {
        (Some(one), Some(other)) => one == other,
        _ => name == safe.head_name,
    }
}

impl HazardFacts {
    /// Checks texts and trims them.
    ///
    /// # Errors
    /// [`HazardError::Line`].
    pub fn checked(mut self) -> Result<Self, HazardError> {
        let line = |text: &str, field| {
            if is_line(text) {
                Ok(text.trim().to_owned())
            } else {
                Err(HazardError::Line { field })
            }
        };
        let optional = |text: Option<String>, field| {
            text.filter(|text| !text.trim().is_empty())
                .map(|text| line(&text, field))
                .transpose()
        };
        self.code = line(&self.code, "code")?;
        self.name = optional(self.name, "name")?;
        self.layer_feature = optional(self.layer_feature, "layer_feature")?;
        if let Some(assessment) = &mut self.assessment {
            assessment.number = line(&assessment.number, "assessment")?;
        }
        Ok(self)
    }
}

impl HazardPoint {
    /// That a household of the point's list is safe, when it is recorded.
    pub fn safe_record(&self, listed: &ThreatenedHousehold) -> Option<&SafeHousehold> {
        self.safe
            .iter()
            .find(|safe| same_head(&listed.head_name, listed.head_id_number.as_ref(), safe))
    }

    /// Households of the list that are not safe. Where no list was given, those of the department's figures.
    pub fn not_safe(&self, listed: &[ThreatenedHousehold]) -> u64 {
        let open = listed
            .iter()
            .filter(|listed| self.safe_record(listed).is_none())
            .count() as u64;
        let unlisted =
            u64::from(self.facts.threatened_households.unwrap_or(0)).saturating_sub(listed.len() as u64);
        open + unlisted
    }

    fn open(&self) -> Result<(), HazardError> {
        if self.facts.state == HazardState::Closed {
            Err(HazardError::Closed)
        } else {
            Ok(())
        }
    }

    /// Other facts.
    ///
    /// # Errors
    /// For a closed point, a state that only the closing gives, and texts that are no lines.
    pub fn edit(&mut self, facts: HazardFacts) -> Result<(), HazardError> {
        self.open()?;
        if facts.state == HazardState::Closed {
            return Err(HazardError::ClosesByStep);
        }
        self.facts = facts.checked()?;
        Ok(())
    }

    /// Records that a household of the list is safe, or that it is not after all.
    ///
    /// # Errors
    /// For a closed point.
    pub fn record_safe(
        &mut self,
        listed: &ThreatenedHousehold,
        safe: Option<SafeHousehold>,
    ) -> Result<(), HazardError> {
        self.open()?;
        self.safe
            .retain(|known| !same_head(&listed.head_name, listed.head_id_number.as_ref(), known));
        // What was asked for is no longer so.
        if safe.is_none() {
            self.closing = None;
        }
        self.safe.extend(safe);
        Ok(())
    }

    /// Asks that the point be closed.
    ///
    /// # Errors
    /// While a household is not safe, or when it was asked or closed already.
    pub fn ask_closing(
        &mut self,
        closing: Closing,
        listed: &[ThreatenedHousehold],
    ) -> Result<(), HazardError> {
        self.open()?;
        if self.closing.is_some() {
            return Err(HazardError::Asked);
        }
        if !is_line(&closing.document) {
            return Err(HazardError::Line { field: "document" });
        }
        self.all_safe(listed)?;
        self.closing = Some(closing);
        Ok(())
    }

    fn all_safe(&self, listed: &[ThreatenedHousehold]) -> Result<(), HazardError> {
        match self.not_safe(listed) {
            0 => Ok(()),
            households => Err(HazardError::NotSafe { households }),
        }
    }

    /// Closes the point, or sends the request back.
    ///
    /// # Errors
    /// When nobody asked, `by` asked, or a household is not safe any more.
    pub fn check_closing(
        &mut self,
        by: &str,
        approve: bool,
        listed: &[ThreatenedHousehold],
    ) -> Result<(), HazardError> {
        self.open()?;
        let closing = self.closing.as_ref().ok_or(HazardError::NotAsked)?;
        if closing.asked_by == by {
            return Err(HazardError::SamePerson);
        }
        if approve {
            self.all_safe(listed)?;
            self.facts.state = HazardState::Closed;
        }
        self.closing = None;
        Ok(())
    }

    /// Opens a closed point again.
    ///
    /// # Errors
    /// When it is open.
    pub fn reopen(&mut self) -> Result<(), HazardError> {
        if self.facts.state != HazardState::Closed {
            return Err(HazardError::NotAsked);
        }
        self.facts.state = HazardState::Active;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn listed(name: &str, number: Option<&str>) -> ThreatenedHousehold {
        ThreatenedHousehold {
            id: Uuid::nil(),
            file: "清单.xlsx".into(),
            row: 2,
            hazard_point: "ZD-1".into(),
            area: AreaCode::parse("619021101201").unwrap(),
            head_name: name.into(),
            head_id_number: number.map(IdNumber::new),
            persons: 4,
            must_move: true,
        }
    }

    fn safe(name: &str, number: Option<&str>) -> SafeHousehold {
        SafeHousehold {
            head_name: name.into(),
            head_id_number: number.map(IdNumber::new),
            reason: SafetyReason::Moved,
            date: date(2026, 1, 5),
            evidence: "入户核查记录 12 号".into(),
            recorded_by: "li".into(),
        }
    }

    fn point() -> HazardPoint {
        HazardPoint {
            id: Uuid::nil(),
            facts: HazardFacts {
                code: "ZD-1".into(),
                name: None,
                area: AreaCode::parse("619021101201").unwrap(),
                kind: HazardKind::Landslide,
                scale: None,
                risk: Some(HazardRisk::High),
                state: HazardState::Active,
                extent: None,
                threatened_households: Some(3),
                threatened_persons: None,
                assessment: None,
                position: None,
                layer_feature: None,
            },
            safe: Vec::new(),
            closing: None,
        }
    }

    fn closing(by: &str) -> Closing {
        Closing {
            asked_by: by.into(),
            asked_at: Timestamp::UNIX_EPOCH,
            document: "核查 3 号".into(),
        }
    }

    #[test]
    fn one_household_left_keeps_a_point_open() {
        let list = [listed("张三", Some("11010519491231002X")), listed("李四", None)];
        let mut point = point();
        // The department counts three, the list has two: one is not even known.
        assert_eq!(point.not_safe(&list), 3);
        point.facts.threatened_households = None;
        point
            .record_safe(&list[0], Some(safe("张三丰", Some("11010519491231002X"))))
            .unwrap();
        assert_eq!(
            point.ask_closing(closing("li"), &list),
            Err(HazardError::NotSafe { households: 1 })
        );
        point.record_safe(&list[1], Some(safe("李四", None))).unwrap();
        point.ask_closing(closing("li"), &list).unwrap();
        assert_eq!(point.ask_closing(closing("li"), &list), Err(HazardError::Asked));
        assert_eq!(
            point.check_closing("li", true, &list),
            Err(HazardError::SamePerson)
        );
        // A new line on the list since it was asked.
        let longer = [list[0].clone(), list[1].clone(), listed("王五", None)];
        assert_eq!(
            point.check_closing("wang", true, &longer),
            Err(HazardError::NotSafe { households: 1 })
        );
        point.check_closing("wang", true, &list).unwrap();
        assert_eq!(point.facts.state, HazardState::Closed);
        assert_eq!(point.record_safe(&list[0], None), Err(HazardError::Closed));
        point.reopen().unwrap();
        assert_eq!(point.facts.state, HazardState::Active);
    }

    #[test]
    fn what_is_not_safe_after_all_takes_the_request_back() {
        let list = [listed("张三", None)];
        let mut point = point();
        point.facts.threatened_households = None;
        point.record_safe(&list[0], Some(safe("张三", None))).unwrap();
        point.ask_closing(closing("li"), &list).unwrap();
        point.record_safe(&list[0], None).unwrap();
        assert_eq!(
            point.check_closing("wang", true, &list),
            Err(HazardError::NotAsked)
        );
        let closed = HazardFacts {
            state: HazardState::Closed,
            ..point.facts.clone()
        };
        assert_eq!(point.edit(closed), Err(HazardError::ClosesByStep));
        let blank = HazardFacts {
            code: " ".into(),
            ..point.facts.clone()
        };
        assert_eq!(point.edit(blank), Err(HazardError::Line { field: "code" }));
    }
}
