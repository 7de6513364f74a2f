//! Packs: reading one with its ancestors, and asking it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::clause::{AcceptanceText, ClauseText};
use super::{
    AcceptanceRule, Clause, Criterion, Facility, Fact, Figure, FigureValue, LayerRule, PolicyError, Situation,
};
use crate::code_list::Text;
use crate::money::Fen;
use crate::plan::Tier;
use crate::register::Category;

/// The packs that ship with the program: name and text.
pub const EMBEDDED: &[(&str, &str)] = &[
    ("cn-national", include_str!("../../../../policy/cn-national.toml")),
    ("cn-shaanxi", include_str!("../../../../policy/cn-shaanxi.toml")),
    (
        "cn-shaanxi-2025",
        include_str!("../../../../policy/cn-shaanxi-2025.toml"),
    ),
];

/// The text of a pack that ships with the program.
pub fn embedded_text(id: &str) -> Option<&'static str> {
    EMBEDDED
        .iter()
        .find(|(name, _)| *name == id)
        .map(|(_, text)| *text)
}

/// A pack that ships with the program.
///
/// # Errors
/// When there is none of this name.
pub fn embedded(id: &str) -> Result<Pack, PolicyError> {
    let text = embedded_text(id).ok_or_else(|| PolicyError::UnknownPack {
        pack: id.to_owned(),
        known: EMBEDDED
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", "),
    })?;
    Pack::load(text, &|parent| embedded_text(parent).map(str::to_owned))
}

/// A pack as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackText {
    id: String,
    version: String,
    name: Text,
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    in_force_from: Option<Date>,
    #[serde(default)]
    in_force_to: Option<Date>,
    #[serde(default)]
    figure: Vec<Figure>,
    #[serde(default)]
    facility: Vec<Facility>,
    #[serde(default)]
    criterion: Vec<Criterion>,
    #[serde(default)]
    layer: Vec<LayerRule>,
    #[serde(default)]
    clause: Vec<ClauseText>,
    #[serde(default)]
    acceptance: Vec<AcceptanceText>,
}

/// A policy pack with everything it takes from its ancestors.
#[derive(Debug, Serialize)]
pub struct Pack {
    /// Stable name, e.g. `cn-shaanxi`.
    pub id: String,
    /// Version of the text.
    pub version: String,
    /// What it is called.
    pub name: Text,
    /// Its ancestors, nearest first.
    pub ancestors: Vec<String>,
    /// First day of force.
    pub in_force_from: Option<Date>,
    /// Last day of force.
    pub in_force_to: Option<Date>,
    figures: Vec<Figure>,
    facilities: Vec<Facility>,
    criteria: Vec<Criterion>,
    layers: Vec<LayerRule>,
    clauses: Vec<Clause>,
    acceptance: Vec<AcceptanceRule>,
}

impl Pack {
    /// Reads a pack; `parent_text` gives the text of a parent by name. Checks every entry, compiles the clauses and
    /// runs their samples.
    ///
    /// # Errors
    /// When a text cannot be read, a parent is missing, an entry contradicts another, or a clause fails a sample.
    pub fn load(text: &str, parent_text: &dyn Fn(&str) -> Option<String>) -> Result<Self, PolicyError> {
        let own = read(text, "given text")?;
        let mut lineage = vec![own];
        while let Some(parent) = lineage.last().and_then(|pack| pack.parent.clone()) {
            if lineage.iter().any(|pack| pack.id == parent) {
                return Err(PolicyError::ParentCycle { pack: parent });
            }
            let child = lineage.last().map(|pack| pack.id.clone()).unwrap_or_default();
            let text = parent_text(&parent).ok_or_else(|| PolicyError::ParentMissing {
                pack: child,
                parent: parent.clone(),
            })?;
            let read = read(&text, &parent)?;
            if read.id != parent {
                let reason = format!("The text given for {parent:?} calls itself {:?}.", read.id);
                return Err(PolicyError::Value {
                    pack: parent,
                    table: "id",
                    id: read.id,
                    reason,
                });
            }
            lineage.push(read);
        }
        let ancestors = lineage[1..].iter().map(|pack| pack.id.clone()).collect();

        // From the oldest ancestor down: a later entry of the same name (and the same cases) replaces the earlier.
        let mut figures: Vec<Figure> = Vec::new();
        let (mut facilities, mut criteria, mut layers, mut clauses) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut acceptance: Vec<AcceptanceText> = Vec::new();
        let mut head = None;
        while let Some(mut pack) = lineage.pop() {
            for figure in &mut pack.figure {
                figure.pack.clone_from(&pack.id);
                check_figure(&pack.id, figure)?;
            }
            let id = pack.id.as_str();
            override_by(
                &mut figures,
                pack.figure,
                id,
                "figure",
                |f: &Figure| (f.id.clone(), f.when.clone()),
                |k| k.0.clone(),
            )?;
            override_by(
                &mut facilities,
                pack.facility,
                id,
                "facility",
                |f: &Facility| f.id.clone(),
                String::clone,
            )?;
            override_by(
                &mut criteria,
                pack.criterion,
                id,
                "criterion",
                |c: &Criterion| c.id.clone(),
                String::clone,
            )?;
            override_by(
                &mut layers,
                pack.layer,
                id,
                "layer",
                |l: &LayerRule| (l.layer, l.class.clone()),
                |k| k.0.code().to_owned(),
            )?;
            override_by(
                &mut clauses,
                pack.clause,
                id,
                "clause",
                |c: &ClauseText| c.id.clone(),
                String::clone,
            )?;
            override_by(
                &mut acceptance,
                pack.acceptance,
                id,
                "acceptance",
                |a: &AcceptanceText| a.id.clone(),
                String::clone,
            )?;
            head = Some((
                pack.id,
                pack.version,
                pack.name,
                pack.in_force_from,
                pack.in_force_to,
            ));
        }
        let (id, version, name, in_force_from, in_force_to) = head.unwrap_or_default();
        check_criteria(&id, &criteria)?;
        let facts = figure_facts(&figures);
        let clauses = clauses
            .iter()
            .map(|text| Clause::compile(&id, text, &facts))
            .collect::<Result<_, _>>()?;
        let acceptance = acceptance
            .iter()
            .map(|text| AcceptanceRule::compile(&id, text, &facts))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id,
            version,
            name,
            ancestors,
            in_force_from,
            in_force_to,
            figures,
            facilities,
            criteria,
            layers,
            clauses,
            acceptance,
        })
    }

    /// Name and version, as a decision records them, e.g. `cn-shaanxi 1`.
    pub fn label(&self) -> String {
        format!("{} {}", self.id, self.version)
    }

    /// The figure that holds in every case.
    ///
    /// # Errors
    /// When there is none.
    pub fn figure(&self, id: &str) -> Result<&Figure, PolicyError> {
        self.figure_in(id, &Situation::default())
    }

    /// The figure for a case: of those that apply, the one with the most conditions.
    ///
    /// # Errors
    /// When none applies.
    pub fn figure_in(&self, id: &str, situation: &Situation) -> Result<&Figure, PolicyError> {
        self.figures
            .iter()
            .filter(|figure| figure.id == id && figure.when.applies(situation))
            .max_by_key(|figure| figure.when.conditions())
            .ok_or_else(|| PolicyError::MissingFigure {
                pack: self.id.clone(),
                id: id.to_owned(),
            })
    }

    /// A figure as a number in its own unit.
    ///
    /// # Errors
    /// When it is missing or not a number.
    pub fn number(&self, id: &str) -> Result<f64, PolicyError> {
        let figure = self.figure(id)?;
        figure
            .value
            .as_number()
            .ok_or_else(|| self.wrong_kind(figure, "a number"))
    }

    /// A figure as a count.
    ///
    /// # Errors
    /// When it is missing or not a whole number of 0 to 4,294,967,295.
    pub fn count(&self, id: &str) -> Result<u32, PolicyError> {
        let figure = self.figure(id)?;
        match figure.value {
            FigureValue::Whole(value) => u32::try_from(value).ok(),
            _ => None,
        }
        .ok_or_else(|| self.wrong_kind(figure, "a count"))
    }

    /// A figure as several numbers.
    ///
    /// # Errors
    /// When it is missing or not a list of numbers.
    pub fn numbers(&self, id: &str) -> Result<&[f64], PolicyError> {
        let figure = self.figure(id)?;
        match &figure.value {
            FigureValue::Numbers(values) => Ok(values),
            _ => Err(self.wrong_kind(figure, "a list of numbers")),
        }
    }

    /// A figure that is a word, e.g. the name of a procedure.
    ///
    /// # Errors
    /// When there is none of this name, or it is no word.
    pub fn word(&self, id: &str) -> Result<&str, PolicyError> {
        let figure = self.figure(id)?;
        match &figure.value {
            FigureValue::Word(word) => Ok(word),
            _ => Err(self.wrong_kind(figure, "a word")),
        }
    }

    /// A figure as money.
    ///
    /// # Errors
    /// When it is missing, not a number, or its unit is not yuan.
    pub fn money(&self, id: &str) -> Result<Fen, PolicyError> {
        self.money_in(id, &Situation::default())
    }

    /// A figure as money for a case.
    ///
    /// # Errors
    /// As [`Pack::money`].
    pub fn money_in(&self, id: &str, situation: &Situation) -> Result<Fen, PolicyError> {
        let figure = self.figure_in(id, situation)?;
        figure
            .money()
            .ok_or_else(|| self.wrong_kind(figure, "an amount in yuan"))
    }

    /// All figures, in the order of the packs.
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// The facilities a settlement of `tier` must have.
    pub fn facilities(&self, tier: Tier) -> impl Iterator<Item = &Facility> {
        self.facilities
            .iter()
            .filter(move |facility| facility.required(tier))
    }

    /// All facilities.
    pub fn all_facilities(&self) -> &[Facility] {
        &self.facilities
    }

    /// The criteria of suitability; their weights sum to 1.
    pub fn criteria(&self) -> &[Criterion] {
        &self.criteria
    }

    /// What the layers mean for a site.
    pub fn layer_rules(&self) -> &[LayerRule] {
        &self.layers
    }

    /// The red flags.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// What a household of a category must be to be accepted; none where the pack has no rule.
    pub fn acceptance_rules(&self, category: Category) -> impl Iterator<Item = &AcceptanceRule> {
        self.acceptance
            .iter()
            .filter(move |rule| rule.category.is_none_or(|of| of == category))
    }

    /// The tier of a settlement of so many households, or `None` when it is too small to count as concentrated.
    ///
    /// # Errors
    /// When a limit is missing from the pack.
    pub fn tier(&self, households: u32) -> Result<Option<Tier>, PolicyError> {
        Ok(if households >= self.count("siting.tier.large.min_households")? {
            Some(Tier::Large)
        } else if households >= self.count("siting.tier.medium.min_households")? {
            Some(Tier::Medium)
        } else if households >= self.count("siting.tier.small.min_households")? {
            Some(Tier::Small)
        } else {
            None
        })
    }

    fn wrong_kind(&self, figure: &Figure, expected: &'static str) -> PolicyError {
        PolicyError::WrongKind {
            pack: self.id.clone(),
            id: figure.id.clone(),
            found: format!("{:?} {}", figure.value, figure.unit),
            expected,
        }
    }
}

fn read(text: &str, name: &str) -> Result<PackText, PolicyError> {
    toml::from_str(text).map_err(|error| PolicyError::Syntax {
        pack: name.to_owned(),
        reason: error.to_string(),
    })
}

fn override_by<T, K: PartialEq>(
    kept: &mut Vec<T>,
    new: Vec<T>,
    pack: &str,
    table: &'static str,
    key: impl Fn(&T) -> K,
    show: impl Fn(&K) -> String,
) -> Result<(), PolicyError> {
    for (index, entry) in new.iter().enumerate() {
        if new[..index].iter().any(|earlier| key(earlier) == key(entry)) {
            return Err(PolicyError::Duplicate {
                pack: pack.to_owned(),
                table,
                id: show(&key(entry)),
            });
        }
    }
    for entry in new {
        match kept.iter_mut().find(|old| key(old) == key(&entry)) {
            Some(old) => *old = entry,
            None => kept.push(entry),
        }
    }
    Ok(())
}

fn check_figure(pack: &str, figure: &Figure) -> Result<(), PolicyError> {
    let finite = match &figure.value {
        FigureValue::Number(value) => value.is_finite(),
        FigureValue::Numbers(values) => !values.is_empty() && values.iter().all(|value| value.is_finite()),
        FigureValue::Whole(_) | FigureValue::Word(_) => true,
    };
    let days = figure
        .when
        .from
        .zip(figure.when.to)
        .is_none_or(|(from, to)| from <= to);
    let reason = match (finite, days, figure.unit.trim().is_empty()) {
        (false, _, _) => "The value is not a finite number or an empty list.",
        (_, false, _) => "`when.from` is after `when.to`.",
        (_, _, true) => "The unit is empty; write `share` for a part of one and `1` for a bare number.",
        _ => return Ok(()),
    };
    Err(PolicyError::Value {
        pack: pack.to_owned(),
        table: "figure",
        id: figure.id.clone(),
        reason: reason.to_owned(),
    })
}

fn check_criteria(pack: &str, criteria: &[Criterion]) -> Result<(), PolicyError> {
    let refuse = |id: &str, reason: String| PolicyError::Value {
        pack: pack.to_owned(),
        table: "criterion",
        id: id.to_owned(),
        reason,
    };
    for criterion in criteria {
        if !(criterion.weight > 0.0 && criterion.full_at < criterion.zero_at) {
            return Err(refuse(
                &criterion.id,
                "The weight must be above 0 and `full_at` below `zero_at`.".to_owned(),
            ));
        }
    }
    let sum: f64 = criteria.iter().map(|criterion| criterion.weight).sum();
    if criteria.is_empty() || (sum - 1.0).abs() <= 1e-6 {
        return Ok(());
    }
    Err(refuse(
        "weight",
        format!("The weights sum to {sum}; they must sum to 1."),
    ))
}

/// The figures without conditions, as facts for clauses.
fn figure_facts(figures: &[Figure]) -> BTreeMap<String, Fact> {
    figures
        .iter()
        .filter(|figure| figure.when.conditions() == 0)
        .filter_map(|figure| {
            let fact = match (&figure.value, figure.money()) {
                (_, Some(amount)) => Fact::Money(amount),
                (FigureValue::Whole(value), None) => Fact::Count(*value),
                (FigureValue::Number(value), None) => Fact::Number(*value),
                (FigureValue::Word(word), None) => Fact::Text(word.clone()),
                (FigureValue::Numbers(_), None) => return None,
            };
            Some((figure.id.clone(), fact))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Decision, Facts};
    use crate::register::{Category, Pathway};

    const PARENT: &str = r#"
id = "parent"
version = "1"
name = { zh = "父", en = "parent" }
[[figure]]
id = "price"
name = { zh = "价", en = "price" }
value = 30000
unit = "yuan"
source = "none"
verified = false
[[figure]]
id = "types"
name = { zh = "户型", en = "types" }
value = [25, 50]
unit = "m2"
source = "none"
verified = false
[[clause]]
id = "flag"
name = { zh = "车", en = "vehicle" }
severity = "clear"
registers = ["vehicles"]
when = "record.price >= figure['price']"
explanation = { zh = "{record.plate} {record.price} {figure.price}", en = "{record.plate} {record.price} {figure.price}" }
action = { zh = "查", en = "check" }
cites = []
samples = [
  { facts = { record = { price = 99900000 } }, expect = "holds" },
  { facts = { record = { price = 1 } }, expect = "does_not_hold" },
  { facts = { record = { price = "?" } }, expect = "cannot_decide" },
]
"#;

    fn load(text: &str) -> Result<Pack, PolicyError> {
        Pack::load(text, &|id| (id == "parent").then(|| PARENT.to_owned()))
    }

    #[test]
    fn the_packs_that_ship_load_and_their_clauses_pass_their_samples() {
        for (id, _) in EMBEDDED {
            let pack = embedded(id).unwrap();
            assert_eq!(pack.id, *id);
            assert_eq!(pack.clauses().len(), 4);
            assert!(pack.figures().iter().all(|figure| !figure.verified));
        }
        assert!(matches!(
            embedded("nowhere"),
            Err(PolicyError::UnknownPack { .. })
        ));
    }

    #[test]
    fn typed_questions() {
        let pack = embedded("cn-shaanxi-2025").unwrap();
        assert_eq!(pack.label(), "cn-shaanxi-2025 1");
        assert_eq!(pack.ancestors, ["cn-shaanxi", "cn-national"]);
        assert_eq!(pack.number("siting.slope_limit_percent").unwrap(), 25.0);
        assert_eq!(pack.money("red_flag.vehicle_price").unwrap(), Fen(3_000_000));
        assert_eq!(
            pack.numbers("housing.unit_types").unwrap(),
            [25.0, 50.0, 60.0, 80.0, 100.0, 120.0]
        );
        assert_eq!(pack.tier(29).unwrap(), None);
        assert_eq!(pack.tier(30).unwrap(), Some(Tier::Small));
        assert_eq!(pack.tier(299).unwrap(), Some(Tier::Medium));
        assert_eq!(pack.tier(300).unwrap(), Some(Tier::Large));
        let missing = pack.number("no.such").unwrap_err();
        assert!(missing.to_string().contains("no.such"), "{missing}");
        assert!(matches!(
            pack.money("siting.slope_limit_percent"),
            Err(PolicyError::WrongKind { .. })
        ));
        assert!(matches!(
            pack.count("siting.candidate_min_area"),
            Err(PolicyError::WrongKind { .. })
        ));
    }

    #[test]
    fn larger_settlements_have_more_and_a_larger_facility_replaces_the_smaller() {
        let pack = embedded("cn-national").unwrap();
        let ids = |tier| {
            pack.facilities(tier)
                .map(|facility| facility.id.as_str())
                .collect::<Vec<_>>()
        };
        assert!(ids(Tier::Small).contains(&"clinic_point"));
        assert!(ids(Tier::Medium).contains(&"clinic") && !ids(Tier::Medium).contains(&"clinic_point"));
        assert!(ids(Tier::Large).contains(&"health_centre") && !ids(Tier::Large).contains(&"clinic"));
        let cost = |tier| pack.facilities(tier).map(Facility::cost).sum::<Fen>();
        assert!(cost(Tier::Small) < cost(Tier::Medium) && cost(Tier::Medium) < cost(Tier::Large));
    }

    #[test]
    fn layer_buffers_agree_with_the_figures() {
        let pack = embedded("cn-national").unwrap();
        for rule in pack.layer_rules().iter().filter(|rule| rule.class.is_none()) {
            if let Ok(buffer) = pack.number(&format!("siting.buffer.{}", rule.layer.code())) {
                assert_eq!(rule.buffer_m, buffer, "{}", rule.layer.code());
            }
        }
    }

    /// The published tables of the province: families of four.
    #[test]
    fn golden_entitlements() {
        let case = |category, pathway| Situation {
            category: Some(category),
            pathway: Some(pathway),
            date: None,
        };
        let old = embedded("cn-shaanxi").unwrap();
        let poor = case(Category::Poverty, Pathway::Concentrated);
        let per_person = old.money_in("entitlement.housing", &poor).unwrap();
        assert_eq!(per_person * 4, Fen::from_yuan(100_000));
        assert_eq!(
            old.money_in("entitlement.vacating", &poor).unwrap() * 4,
            Fen::from_yuan(40_000)
        );
        assert_eq!(
            old.money_in("entitlement.infrastructure", &poor).unwrap() * 4,
            Fen::from_yuan(80_000)
        );
        let disaster = case(Category::Disaster, Pathway::Concentrated);
        let total = |pack: &Pack, second: &str| {
            pack.money_in("entitlement.housing", &disaster).unwrap()
                + pack.money_in(second, &disaster).unwrap()
        };
        assert_eq!(
            old.figure_in("entitlement.housing", &disaster)
                .unwrap()
                .basis
                .as_deref(),
            Some("household")
        );
        assert_eq!(total(&old, "entitlement.multi_storey"), Fen::from_yuan(50_000));
        let new = embedded("cn-shaanxi-2025").unwrap();
        assert_eq!(total(&new, "entitlement.award"), Fen::from_yuan(150_000));
        assert_eq!(
            new.money_in("entitlement.housing", &poor).unwrap(),
            Fen::from_yuan(25_000),
            "inherited"
        );
        assert!(
            old.money("entitlement.housing").is_err(),
            "a conditional figure needs its case"
        );
    }

    #[test]
    fn a_child_overrides_single_entries_and_clauses_see_it() {
        let child = r#"
id = "child"
version = "2"
parent = "parent"
name = { zh = "子", en = "child" }
[[figure]]
id = "price"
name = { zh = "价", en = "price" }
value = 50000
unit = "yuan"
source = "none"
verified = true
"#;
        let mut facts = Facts::new();
        facts
            .record("price", super::Fact::Money(Fen::from_yuan(40_000)))
            .record("plate", super::Fact::Text("甲1".into()));
        let parent = load(PARENT).unwrap();
        assert_eq!(parent.clauses()[0].decide(&facts), Decision::Holds);
        assert_eq!(parent.clauses()[0].explain(&facts).zh, "甲1 40,000 元 30,000 元");
        let child = load(child).unwrap();
        assert_eq!(child.clauses()[0].decide(&facts), Decision::DoesNotHold);
        assert_eq!(child.figure("price").unwrap().pack, "child");
        assert_eq!(child.numbers("types").unwrap(), [25.0, 50.0]);
        let missing = child.clauses()[0].decide(&Facts::new());
        assert!(
            matches!(&missing, Decision::CannotDecide { missing: Some(name), .. } if name == "price"),
            "{missing:?}"
        );
        assert_eq!(
            child.clauses()[0].explain(&Facts::new()).en,
            "not recorded not recorded 50,000 yuan"
        );
    }

    #[test]
    fn contradictions_are_refused() {
        let cases = [
            (PARENT.replace("value = 30000", "value = nan"), "finite"),
            (
                PARENT.replace("figure['price']\"", "figure['prize']\""),
                "sample 1",
            ),
            (PARENT.replace("record.price >=", "recrod.price >="), "recrod"),
            (
                PARENT.replace("record.price >=", "record.price >= >="),
                "cannot be compiled",
            ),
            (
                PARENT.replace("{record.plate} {record.price}", "{recrod.plate}"),
                "recrod",
            ),
            (
                PARENT.replace("expect = \"does_not_hold\"", "expect = \"holds\""),
                "does_not_hold",
            ),
            (PARENT.replace("id = \"types\"", "id = \"price\""), "two entries"),
            (PARENT.replace("verified = false", "verfied = false"), "verfied"),
            (
                PARENT.replace("version = \"1\"", "version = \"1\"\nparent = \"nowhere\""),
                "nowhere",
            ),
            (
                PARENT.replace("version = \"1\"", "version = \"1\"\nparent = \"parent\""),
                "own ancestor",
            ),
        ];
        for (text, part) in cases {
            let error = load(&text).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
