//! Rules on place: threatened households that the register lacks, and disaster households far from any hazard.
//!
//! Distances are computed by the caller; this module only compares.

use std::collections::{BTreeMap, HashMap, HashSet};

use anju_model::code_list::Text;
use anju_model::lookback::{Severity, ThreatenedHousehold};
use anju_model::register::Category;
use uuid::Uuid;

use crate::comparison::{compare_id, compare_name, id, name};
use crate::explain::FoundItem;
use crate::normalise::{Record, key_of};
use crate::register::Register;

/// How a household's home lies to the hazard and flood layers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HazardExposure {
    /// Whether it lies inside a hazard or flood zone.
    pub inside: bool,
    /// Distance to the nearest feature of these layers, m; absent when there is no such layer.
    pub nearest_m: Option<f64>,
    /// Name of that layer (or feature) as shown to people.
    pub layer: Option<String>,
}

/// The threatened households found in the register, and the items for those that are not.
#[derive(Debug, Default)]
pub struct Threatened {
    /// Households of the register that are on a list.
    pub listed: HashSet<Uuid>,
    /// Omission candidates.
    pub items: Vec<FoundItem>,
}

/// Looks for the head of every threatened household among the persons of the register.
///
/// A head is found by an equal ID number; by a number one slip off with a fitting name; or, when either number is missing
/// or cannot be right, by a name of equal sound in the same village.
pub fn threatened(register: &Register<'_>, list: &[&ThreatenedHousehold]) -> Threatened {
    let listed: Vec<Record> = list
        .iter()
        .map(|entry| {
            Record::new(
                &entry.head_name,
                entry.head_id_number.as_ref(),
                None,
                None,
                Some(&entry.area),
                None,
            )
        })
        .collect();
    // The register is far longer than the lists: only the keys that a list asks for are kept.
    let wanted: HashSet<u64> = listed.iter().flat_map(keys).collect();
    let mut by_key: HashMap<u64, Vec<u32>> = HashMap::new();
    if !wanted.is_empty() {
        for (number, record) in register.records.iter().enumerate() {
            for key in keys(record).filter(|key| wanted.contains(key)) {
                by_key.entry(key).or_default().push(number as u32);
            }
        }
    }
    let mut outcome = Threatened::default();
    let mut absent: BTreeMap<(u128, u64, u64), Vec<&ThreatenedHousehold>> = BTreeMap::new();
    for (entry, record) in list.iter().zip(&listed) {
        let candidates: HashSet<u32> = keys(record)
            .filter_map(|key| by_key.get(&key))
            .flatten()
            .copied()
            .collect();
        let mut found: Vec<u32> = candidates
            .into_iter()
            .filter(|number| same_head(&register.records[*number as usize], record))
            .collect();
        found.sort_unstable();
        if found.is_empty() {
            if entry.must_move {
                // One household on the lists of two hazard points is one omission.
                let person = if record.id.is_some() {
                    (record.id.bits, 0, 0)
                } else {
                    (0, record.name.spoken, record.area_at(12))
                };
                absent.entry(person).or_default().push(entry);
            }
        } else {
            outcome.listed.extend(
                found
                    .iter()
                    .map(|number| register.entries[*number as usize].household.id),
            );
        }
    }
    outcome.items = absent.into_values().map(|entries| omission(&entries)).collect();
    outcome
}

/// Keys under which a head may be found: the number, the number without each of its characters, name and village.
fn keys(record: &Record) -> impl Iterator<Item = u64> + use<> {
    let (id, name, village) = (record.id, record.name.spoken, record.area_at(12));
    let number = |bits: u128| key_of(&[bits as u64, (bits >> 64) as u64]);
    let slips = (0..id.length).map(move |place| number(id.without(place)));
    let whole = id.is_some().then(|| number(id.bits));
    let place = (village != 0 && name != 0).then(|| key_of(&[name, village]));
    slips.chain(whole).chain(place)
}

fn same_head(register: &Record, listed: &Record) -> bool {
    let names = compare_name(&register.name, &listed.name);
    let sounds_equal = matches!(names, name::EQUAL | name::SOUND);
    match compare_id(register.id, listed.id) {
        id::EQUAL => true,
        id::ONE_CHARACTER | id::SWAP => sounds_equal || names == name::ONE_CHARACTER,
        id::DIFFERENT_VALID => false,
        _ => sounds_equal && register.area_at(12) == listed.area_at(12),
    }
}

fn omission(entries: &[&ThreatenedHousehold]) -> FoundItem {
    let first = entries[0];
    let name = &first.head_name;
    let shown = first
        .head_id_number
        .as_ref()
        .map_or_else(|| "—".to_owned(), anju_model::identity::IdNumber::masked);
    let points = entries
        .iter()
        .map(|entry| entry.hazard_point.as_str())
        .collect::<Vec<_>>()
        .join("、");
    let explanation = Text::new(
        format!(
            "隐患点 {points} 受威胁户清单（{} 第 {} 行）列有应搬迁户{name}（{shown}，{} 人），名册中查无此人。",
            first.file, first.row, first.persons
        ),
        format!(
            "The list of households threatened by hazard point {points} ({}, row {}) has {name} ({shown}, {} persons) who must move; the register has no such person.",
            first.file, first.row, first.persons
        ),
    );
    let action = Text::new(
        "入户核实是否仍在受威胁范围内居住；符合条件的按程序补录，已搬走或已销号的取得证明。",
        "Visit the place: if the household still lives in danger, enter it by the procedure; if it moved or the point was closed, obtain the proof.",
    );
    let mut item = FoundItem::new(
        "omission.threatened_household",
        Severity::Omission,
        &first.area,
        explanation,
        action,
    )
    .value("head_name", name)
    .value("id_number", shown)
    .value("hazard_point", points)
    .value("persons", first.persons);
    item.evidence = entries.iter().map(|entry| entry.id).collect();
    item
}

/// Disaster households whose home is farther than `limit_m` from every hazard and flood layer and which no hazard
/// point names.
pub fn outside(
    register: &Register<'_>,
    exposures: &HashMap<Uuid, HazardExposure>,
    listed: &HashSet<Uuid>,
    limit_m: f64,
) -> Vec<FoundItem> {
    register
        .households
        .iter()
        .filter(|household| household.facts.category == Category::Disaster)
        .filter(|household| household.facts.hazard_point.is_none() && !listed.contains(&household.id))
        .filter_map(|household| {
            let exposure = exposures.get(&household.id).filter(|exposure| !exposure.inside)?;
            let distance = exposure.nearest_m.filter(|distance| *distance > limit_m)?;
            let number = &household.facts.register_number;
            let layer = exposure.layer.as_deref().unwrap_or("");
            let explanation = Text::new(
                format!("户 {number} 按避灾搬迁登记，但现住房距最近的灾害图斑{layer} {distance:.0} 米，超过 {limit_m:.0} 米，也不在任何隐患点受威胁户清单上。"),
                format!("Household {number} is registered for disaster relocation, but its home is {distance:.0} m from the nearest hazard feature {layer}, more than {limit_m:.0} m, and no hazard point lists it."),
            );
            let action = Text::new(
                "现场核实住房位置和受威胁情况，查阅灾害评估；不符合条件的按程序调整类别或核减。",
                "Check the home's position and the danger on the spot and read the hazard assessment; if it does not qualify, change the category or remove it by the procedure.",
            );
            let mut item = FoundItem::new("over_report.outside_hazard", Severity::Ask, &household.facts.area, explanation, action)
                .value("register_number", number)
                .value("distance_m", format!("{distance:.0}"))
                .value("limit_m", format!("{limit_m:.0}"))
                .value("layer", layer);
            item.household = Some(household.id);
            Some(item)
        })
        .collect()
}
