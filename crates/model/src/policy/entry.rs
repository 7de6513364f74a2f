//! The entries of a pack that are plain values: figures, facilities, suitability criteria and layer rules.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::code_list::Text;
use crate::land::{LayerKind, Verdict};
use crate::money::Fen;
use crate::plan::Tier;
use crate::register::{Category, Pathway};

/// The value of a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FigureValue {
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Several numbers, e.g. the floor areas of the unit types.
    Numbers(Vec<f64>),
    /// A word.
    Word(String),
}

impl FigureValue {
    /// The value as one number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Whole(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            Self::Numbers(_) | Self::Word(_) => None,
        }
    }
}

/// The cases a figure is for; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Categories of relocation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub category: Vec<Category>,
    /// Pathways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pathway: Vec<Pathway>,
    /// First day, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last day, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// The case a figure is asked for. What is unknown is left out; a figure that depends on it does not apply then.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Situation {
    /// Category of relocation.
    pub category: Option<Category>,
    /// Pathway.
    pub pathway: Option<Pathway>,
    /// The day that counts.
    pub date: Option<Date>,
}

impl When {
    /// Whether the figure applies in `situation`.
    pub fn applies(&self, situation: &Situation) -> bool {
        let listed = |empty: bool, found: Option<bool>| empty || found == Some(true);
        listed(
            self.category.is_empty(),
            situation.category.map(|value| self.category.contains(&value)),
        ) && listed(
            self.pathway.is_empty(),
            situation.pathway.map(|value| self.pathway.contains(&value)),
        ) && self
            .from
            .is_none_or(|from| situation.date.is_some_and(|date| date >= from))
            && self
                .to
                .is_none_or(|to| situation.date.is_some_and(|date| date <= to))
    }

    /// How many conditions there are; of several figures that apply, the one with most conditions is meant.
    pub fn conditions(&self) -> usize {
        usize::from(!self.category.is_empty())
            + usize::from(!self.pathway.is_empty())
            + usize::from(self.from.is_some())
            + usize::from(self.to.is_some())
    }
}

/// One figure of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Stable name, e.g. `siting.slope_limit_percent`.
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// The value in `unit`.
    pub value: FigureValue,
    /// Unit: `yuan`, `yuan/m2`, `m`, `km`, `percent`, `m2/person`, `households`, `share` (0 to 1), ...
    pub unit: String,
    /// What the value is counted per: `person`, `household`, `m2`, `site`; absent where the unit says all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The cases it is for.
    #[serde(default)]
    pub when: When,
    /// The document it is from.
    pub source: String,
    /// Whether somebody compared the value with that document.
    pub verified: bool,
    /// The pack that gave it; filled in when packs are read.
    #[serde(default)]
    pub pack: String,
}

impl Figure {
    /// The value as money; only for units that begin with `yuan`.
    pub fn money(&self) -> Option<Fen> {
        let value = self.value.as_number().filter(|_| self.unit.starts_with("yuan"))?;
        Some(Fen((value * 100.0).round() as i64))
    }
}

/// A facility that a settlement must have from a certain size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facility {
    /// Stable name, e.g. `clinic`.
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// The smallest tier that must have it; larger ones must too.
    pub from: Tier,
    /// The largest tier that must have it, where a larger facility takes its place (a clinic point by a clinic).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Tier>,
    /// Cost of building it, yuan per settlement.
    pub cost_yuan: i64,
    /// An existing one within this straight distance counts instead, m; absent when each settlement needs its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_radius_m: Option<f64>,
    /// Kinds in the layer of public facilities that count as an existing one.
    #[serde(default)]
    pub existing_kinds: Vec<String>,
    /// The document it is from.
    pub source: String,
    /// Whether somebody compared it with that document.
    pub verified: bool,
}

impl Facility {
    /// Whether a settlement of `tier` must have it.
    pub fn required(&self, tier: Tier) -> bool {
        self.from <= tier && self.to.is_none_or(|to| tier <= to)
    }

    /// Cost of building it for one settlement.
    pub fn cost(&self) -> Fen {
        Fen::from_yuan(self.cost_yuan)
    }
}

/// One criterion of the suitability of land.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Stable name, e.g. `slope`, `towns`.
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// Weight; the weights of a pack sum to 1.
    pub weight: f64,
    /// Layers whose nearest feature is measured; empty for slope.
    #[serde(default)]
    pub layers: Vec<LayerKind>,
    /// Unit of the two values below: `percent` or `m`.
    pub unit: String,
    /// Value at which the membership is 1, and towards it.
    pub full_at: f64,
    /// Value at which the membership is 0, and beyond; linear between the two.
    pub zero_at: f64,
    /// The document it is from.
    pub source: String,
    /// Whether somebody compared it with that document.
    pub verified: bool,
}

impl Criterion {
    /// The membership of a measured value, 0 to 1.
    pub fn membership(&self, value: f64) -> f64 {
        ((self.zero_at - value) / (self.zero_at - self.full_at)).clamp(0.0, 1.0)
    }
}

/// What a layer, or one class of its features, means for a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerRule {
    /// The layer.
    pub layer: LayerKind,
    /// The class of features it is for, as the layer writes it; absent for all other features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The distance from the features within which the verdict holds, m.
    pub buffer_m: f64,
    /// Why, or the condition, as shown to people.
    pub reason: Text,
    /// The document it is from.
    pub source: String,
    /// Whether somebody compared it with that document.
    pub verified: bool,
}
