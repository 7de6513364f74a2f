//! Households and persons of the county as they really are, before anybody writes them down.
//!
//! Families are built by type (couples, three generations, single parents and so on) so that relations, sexes and ages
//! agree; homes are put where the category of the household says: threatened ones inside hazard or flood zones,
//! ecological ones inside the red line, the others near their village on land one can live on. ID numbers are valid and unique.

use std::collections::BTreeSet;

use anju_model::identity::check_character;
use anju_model::register::{
    Category, CauseOfMove, Education, Ethnicity, Health, Labour, PovertyAttribute, PovertyCause, Relation,
    SafetyGrade, Structure, Urgency,
};
use jiff::civil::Date;

use crate::error::ExampleError;
use crate::geography::{Geography, Place, Zone, inner_cells};
use crate::names;
use crate::random::Dice;

/// The day the registers were drawn up.
pub(crate) const AS_OF: Date = jiff::civil::date(2026, 6, 30);

/// A person as born and registered.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) male: bool,
    pub(crate) birth: Date,
    pub(crate) id: String,
    pub(crate) relation: Relation,
    pub(crate) ethnicity: Ethnicity,
    pub(crate) education: Education,
    pub(crate) health: Health,
    pub(crate) labour: Labour,
}

impl Person {
    /// Age in full years on [`AS_OF`].
    pub(crate) fn age(&self) -> i32 {
        age(self.birth)
    }
}

/// Why a household is in the county's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// On the register.
    Registered,
    /// Lives in danger and must move, but is on no register.
    Omitted,
    /// Lives in danger, but need not move; on no register.
    Treated,
    /// Lives in the county, has nothing to do with the programme.
    Resident,
}

/// A household as it is.
#[derive(Debug, Clone)]
pub(crate) struct Household {
    /// 户编号; empty unless registered.
    pub(crate) number: String,
    pub(crate) standing: Standing,
    pub(crate) village: usize,
    pub(crate) group: usize,
    pub(crate) home: Place,
    pub(crate) category: Category,
    pub(crate) cause: CauseOfMove,
    pub(crate) must_move: bool,
    pub(crate) urgency: Option<Urgency>,
    pub(crate) poverty: PovertyAttribute,
    pub(crate) main_cause: Option<PovertyCause>,
    /// Index of the hazard point that threatens it.
    pub(crate) point: Option<usize>,
    pub(crate) phone: String,
    pub(crate) account: String,
    pub(crate) farmland_mu_hundredths: i64,
    pub(crate) structure: Structure,
    pub(crate) grade: SafetyGrade,
    pub(crate) home_m2: u32,
    pub(crate) year_built: i16,
    /// The head first.
    pub(crate) members: Vec<Person>,
}

/// How many households of each standing to make.
pub(crate) struct Numbers {
    pub(crate) registered: usize,
    pub(crate) omitted: usize,
    pub(crate) treated: usize,
    pub(crate) residents: usize,
}

fn age(birth: Date) -> i32 {
    let years = i32::from(AS_OF.year()) - i32::from(birth.year());
    years - i32::from((AS_OF.month(), AS_OF.day()) < (birth.month(), birth.day()))
}

/// Everything about persons that must be unique in the county.
#[derive(Default)]
struct Taken {
    ids: BTreeSet<String>,
    names: BTreeSet<(String, Date)>,
}

/// A valid ID number.
pub(crate) fn id_number(region: &str, birth: Date, male: bool, serial: usize) -> String {
    let sequence = (serial % 499) * 2 + usize::from(male);
    let digits = format!(
        "{region}{:04}{:02}{:02}{sequence:03}",
        birth.year(),
        birth.month(),
        birth.day()
    );
    // Seventeen digits by construction: the check character exists.
    let check = check_character(&digits).map_or_else(String::new, String::from);
    format!("{digits}{check}")
}

struct Clan {
    surname: &'static str,
    ethnicity: Ethnicity,
    generation: &'static str,
}

struct Family<'a> {
    dice: &'a mut Dice,
    taken: &'a mut Taken,
    clan: Clan,
    members: Vec<Person>,
}

impl Family<'_> {
    fn born(&mut self, years: i64) -> Date {
        // The day is at most the 28th: every month has it.
        let year = i64::from(AS_OF.year()) - years;
        let (mut month, mut day) = (self.dice.between(1, 12), self.dice.between(1, 28));
        if years == 0 && (month, day) > (6, 20) {
            (month, day) = (self.dice.between(1, 6), self.dice.between(1, 20));
        }
        jiff::civil::date(year as i16, month as i8, day as i8)
    }

    /// Adds a person of about this age; `own_clan` gives the clan's surname.
    fn add(&mut self, relation: Relation, male: bool, years: i64, own_clan: bool) {
        let years = years.clamp(0, 94);
        let (name, birth) = loop {
            let birth = self.born(years);
            let name = if self.clan.ethnicity == Ethnicity::Zang {
                names::dotted_name(self.dice, male)
            } else {
                let surname = if own_clan {
                    self.clan.surname
                } else {
                    names::surname(self.dice)
                };
                let generation = own_clan.then_some(self.clan.generation);
                format!("{surname}{}", names::given_name(self.dice, male, generation))
            };
            if self.taken.names.insert((name.clone(), birth)) {
                break (name, birth);
            }
        };
        let region = if !own_clan && self.dice.chance(0.25) {
            *self.dice.pick(&names::NEIGHBOUR_CODES)
        } else {
            names::COUNTY_CODE
        };
        let id = loop {
            let id = id_number(region, birth, male, self.dice.below(499));
            if self.taken.ids.insert(id.clone()) {
                break id;
            }
        };
        let years = i64::from(age(birth));
        let education = match years {
            ..=6 => Education::PreSchool,
            7..=12 => Education::Primary,
            13..=15 => Education::Junior,
            16..=18 => *self
                .dice
                .pick(&[Education::Junior, Education::Senior, Education::Senior]),
            19..=30 => *self.dice.pick(&[
                Education::Junior,
                Education::Junior,
                Education::Senior,
                Education::College,
            ]),
            31..=55 => *self.dice.pick(&[
                Education::Primary,
                Education::Junior,
                Education::Junior,
                Education::Senior,
            ]),
            _ => *self.dice.pick(&[
                Education::None,
                Education::Primary,
                Education::Primary,
                Education::Junior,
            ]),
        };
        let health = match self.dice.unit() + (years - 30).max(0) as f64 / 220.0 {
            ..0.93 => Health::Healthy,
            ..0.965 => Health::Disabled,
            ..0.98 => Health::MajorIllness,
            _ => Health::Chronic,
        };
        let labour = match (years, health) {
            (..16, _) => Labour::None,
            (71.., _) => Labour::None,
            (_, Health::MajorIllness) => Labour::Lost,
            (_, Health::Disabled) => *self.dice.pick(&[Labour::Weak, Labour::Weak, Labour::Lost]),
            (61.., _) | (_, Health::Chronic) => Labour::Weak,
            (20..=50, Health::Healthy) if self.dice.chance(0.12) => Labour::Skilled,
            _ => Labour::Ordinary,
        };
        let ethnicity = if own_clan || self.dice.chance(0.5) {
            self.clan.ethnicity
        } else {
            Ethnicity::Han
        };
        let ethnicity = if name.contains('·') {
            Ethnicity::Zang
        } else {
            ethnicity
        };
        self.members.push(Person {
            name,
            male,
            birth,
            id,
            relation,
            ethnicity,
            education,
            health,
            labour,
        });
    }

    /// A wife or husband of somebody this old.
    fn spouse_age(&mut self, years: i64, of_man: bool) -> i64 {
        let younger = if of_man {
            self.dice.between(-2, 5)
        } else {
            self.dice.between(-5, 2)
        };
        (years - younger).max(21)
    }

    /// Children of a couple whose younger parent is this old: at least 20 years younger, at most 38.
    fn children(&mut self, count: usize, parent_years: i64, oldest: i64) {
        let (low, high) = ((parent_years - 38).max(0), (parent_years - 20).min(oldest));
        if high < low {
            return;
        }
        for _ in 0..count {
            let male = self.dice.chance(0.53);
            let years = self.dice.between(low, high);
            self.add(
                if male { Relation::Son } else { Relation::Daughter },
                male,
                years,
                true,
            );
        }
    }
}

/// Builds the members of one household, the head first.
fn family(dice: &mut Dice, taken: &mut Taken, clan: Clan) -> Vec<Person> {
    let kind = dice.weighted(&[0.07, 0.12, 0.37, 0.165, 0.165, 0.04, 0.03, 0.04]);
    let mut family = Family {
        dice,
        taken,
        clan,
        members: Vec::new(),
    };
    let head_male = family.dice.chance(if kind == 5 { 0.45 } else { 0.93 });
    let spouse_of = |male: bool| if male { Relation::Wife } else { Relation::Husband };
    match kind {
        0 => {
            let years = family.dice.between(58, 86);
            family.add(Relation::Head, head_male, years, true);
        }
        1 => {
            let years = family.dice.between(44, 80);
            family.add(Relation::Head, head_male, years, true);
            let spouse = family.spouse_age(years, head_male);
            family.add(spouse_of(head_male), !head_male, spouse, false);
        }
        2 | 4 => {
            let years = family.dice.between(28, 54);
            family.add(Relation::Head, head_male, years, true);
            let spouse = family.spouse_age(years, head_male);
            family.add(spouse_of(head_male), !head_male, spouse, false);
            let count = 1 + family.dice.weighted(&[0.5, 0.42, 0.08]);
            family.children(count, years.min(spouse), 30);
            if kind == 4 {
                let father = years + family.dice.between(21, 33);
                let mother = years + family.dice.between(20, 30);
                let both = family.dice.chance(0.5);
                if both || family.dice.chance(0.4) {
                    family.add(Relation::Father, true, father, true);
                }
                if both
                    || family
                        .members
                        .iter()
                        .all(|person| person.relation != Relation::Father)
                {
                    family.add(Relation::Mother, false, mother, false);
                }
            }
        }
        3 => {
            let years = family.dice.between(50, 70);
            family.add(Relation::Head, head_male, years, true);
            let spouse = family.spouse_age(years, head_male);
            family.add(spouse_of(head_male), !head_male, spouse, false);
            let son = (years.min(spouse) - family.dice.between(21, 28)).max(23);
            family.add(Relation::Son, true, son, true);
            let wife = (son - family.dice.between(-1, 4)).max(22);
            family.add(Relation::DaughterInLaw, false, wife, false);
            for _ in 0..family.dice.between(1, 2) {
                let years = family.dice.between((wife - 36).max(0), (wife - 20).clamp(0, 20));
                let male = family.dice.chance(0.53);
                family.add(Relation::Grandchild, male, years, true);
            }
            if years < 66 && family.dice.chance(0.2) {
                family.add(Relation::Mother, false, years + 21, false);
            }
        }
        5 => {
            let years = family.dice.between(30, 52);
            family.add(Relation::Head, head_male, years, true);
            let count = 1 + family.dice.weighted(&[0.6, 0.4]);
            family.children(count, years, 22);
        }
        6 => {
            let years = family.dice.between(58, 76);
            family.add(Relation::Head, head_male, years, true);
            if family.dice.chance(0.7) {
                let spouse = family.spouse_age(years, head_male);
                family.add(spouse_of(head_male), !head_male, spouse, false);
            }
            for _ in 0..family.dice.between(1, 2) {
                let male = family.dice.chance(0.5);
                let years = family.dice.between(4, 17);
                family.add(Relation::Grandchild, male, years, true);
            }
        }
        _ => {
            let years = family.dice.between(34, 60);
            family.add(Relation::Head, true, years, true);
            if family.dice.chance(0.5) {
                let spouse = family.spouse_age(years, true);
                family.add(Relation::Wife, false, spouse, false);
                let count = family.dice.between(0, 1) as usize;
                family.children(count, years.min(spouse), 24);
            }
            let male = family.dice.chance(0.6);
            let sibling = years - family.dice.between(4, 13);
            family.add(Relation::Sibling, male, sibling, true);
        }
    }
    family.members
}

/// Where homes can stand, by reason for the move.
struct Ground<'a> {
    geography: &'a Geography,
    /// Inner cells of each hazard zone and of each flood zone.
    hazard: Vec<Vec<usize>>,
    flood: Vec<Vec<usize>>,
    hamlets: Vec<Place>,
}

impl Ground<'_> {
    /// A place inside a cell, away from its edges.
    fn inside_cell(&self, cell: usize, dice: &mut Dice) -> Place {
        let (x, y) = self.geography.slope.centre(cell);
        (x + dice.unit() * 20.0 - 10.0, y + dice.unit() * 20.0 - 10.0)
    }

    fn in_zone(&self, cells: &[usize], dice: &mut Dice) -> Option<Place> {
        if cells.is_empty() {
            return None;
        }
        // Of three cells the gentlest: people build on the flattest spot of a bad place.
        let slope = &self.geography.slope.values;
        let cell = (0..3)
            .map(|_| *dice.pick(cells))
            .min_by(|a, b| slope[*a].total_cmp(&slope[*b]))?;
        Some(self.inside_cell(cell, dice))
    }

    fn near(&self, centre: Place, reach: f64, dice: &mut Dice) -> Place {
        let (angle, distance) = (dice.unit() * std::f64::consts::TAU, reach * dice.unit().sqrt());
        (
            centre.0 + distance * angle.cos(),
            centre.1 + distance * angle.sin(),
        )
    }

    fn ordinary(&self, dice: &mut Dice) -> Option<Place> {
        let village = dice.pick(&self.geography.villages);
        let group = *dice.pick(&village.groups);
        let place = self.near(group, 240.0, dice);
        let cell = self.geography.slope.cell_at(place.0, place.1)?;
        let fit = self.geography.slope.values[cell] < 42.0
            && self.geography.danger_distance.values[cell] > 90.0
            && self.geography.red_line_distance.values[cell] > 90.0
            && !self.geography.river_cells.values[cell];
        fit.then_some(place)
    }

    fn ecological(&self, dice: &mut Dice) -> Option<Place> {
        if self.hamlets.is_empty() {
            return None;
        }
        let hamlet = *dice.pick(&self.hamlets);
        let place = self.near(hamlet, 170.0, dice);
        let slope = &self.geography.slope;
        let cell = slope.cell_at(place.0, place.1)?;
        let inside = slope
            .neighbours(cell)
            .all(|(near, _)| self.geography.red_line_distance.values[near] == 0.0);
        let fit = inside && slope.values[cell] < 50.0 && self.geography.danger_distance.values[cell] > 90.0;
        fit.then_some(place)
    }
}

/// Makes the households of the county, the registered ones first in the order of the register.
///
/// # Errors
/// When the terrain leaves no room for homes of some kind.
pub(crate) fn settle(
    geography: &Geography,
    numbers: &Numbers,
    seed: u64,
) -> Result<Vec<Household>, ExampleError> {
    let mut dice = Dice::new(seed, "people");
    let inner = |zone: &Zone, dry: bool| {
        let mut cells = inner_cells(&geography.slope, zone);
        cells.retain(|cell| !dry || !geography.river_cells.values[*cell]);
        cells
    };
    let ground = Ground {
        geography,
        hazard: geography
            .hazards
            .iter()
            .map(|hazard| inner(&hazard.zone, false))
            .collect(),
        flood: geography.floods.iter().map(|zone| inner(zone, true)).collect(),
        hamlets: hamlets(geography, &mut dice),
    };
    let hazard_points: Vec<usize> = (0..geography.points.len())
        .filter(|point| !geography.points[*point].flood)
        .collect();
    let flood_points: Vec<usize> = (0..geography.points.len())
        .filter(|point| geography.points[*point].flood)
        .collect();
    if hazard_points.is_empty() || flood_points.is_empty() {
        return Err(ExampleError::TerrainUnsuitable {
            what: "hazard and flood zones",
            found: 0,
            wanted: 2,
        });
    }
    let point_weights: Vec<f64> = hazard_points
        .iter()
        .map(|point| (ground.hazard[geography.points[*point].zone].len() as f64).sqrt())
        .collect();
    let clans: Vec<(Vec<&'static str>, Ethnicity, &'static str)> = geography
        .villages
        .iter()
        .map(|_| {
            let ethnicity = match dice.below(100) {
                0..4 => Ethnicity::Hui,
                4..7 => Ethnicity::Qiang,
                7 => Ethnicity::Zang,
                _ => Ethnicity::Han,
            };
            let surnames = (0..3).map(|_| names::surname(&mut dice)).collect();
            (surnames, ethnicity, names::generation_syllable(&mut dice))
        })
        .collect();

    let mut taken = Taken::default();
    let mut households = Vec::new();
    let plan = [
        (Standing::Registered, numbers.registered),
        (Standing::Omitted, numbers.omitted),
        (Standing::Treated, numbers.treated),
        (Standing::Resident, numbers.residents),
    ];
    for (standing, count) in plan {
        for _ in 0..count {
            let kind = match standing {
                // Poverty, accompanying, other, slides, floods, ecology.
                Standing::Registered => dice.weighted(&[0.45, 0.03, 0.01, 0.20, 0.13, 0.18]),
                Standing::Omitted | Standing::Treated => 3 + dice.weighted(&[0.7, 0.3]),
                Standing::Resident => 0,
            };
            let mut found = None;
            for _ in 0..400 {
                let (place, point) = match kind {
                    3 => {
                        let point = hazard_points[dice.weighted(&point_weights)];
                        (
                            ground.in_zone(&ground.hazard[geography.points[point].zone], &mut dice),
                            Some(point),
                        )
                    }
                    4 => {
                        let point = *dice.pick(&flood_points);
                        let place = ground.in_zone(&ground.flood[geography.points[point].zone], &mut dice);
                        // The nearest point of the same flood zone is the one that watches the home.
                        let nearest = place.and_then(|place| {
                            flood_points
                                .iter()
                                .copied()
                                .filter(|other| geography.points[*other].zone == geography.points[point].zone)
                                .min_by(|a, b| {
                                    let far = |point: usize| {
                                        let at = geography.points[point].place;
                                        (at.0 - place.0).hypot(at.1 - place.1)
                                    };
                                    far(*a).total_cmp(&far(*b))
                                })
                        });
                        (place, nearest)
                    }
                    5 => (ground.ecological(&mut dice), None),
                    _ => (ground.ordinary(&mut dice), None),
                };
                if let Some((place, (village, group))) =
                    place.and_then(|place| Some((place, geography.village_at(place)?)))
                {
                    found = Some((place, village, group, point));
                    break;
                }
            }
            let Some((home, village, group, point)) = found else {
                return Err(ExampleError::TerrainUnsuitable {
                    what: "places for homes",
                    found: households.len(),
                    wanted: numbers.registered,
                });
            };
            let (surnames, ethnicity, generation) = &clans[village];
            let surname = if dice.chance(0.75) {
                *dice.pick(surnames)
            } else {
                names::surname(&mut dice)
            };
            let clan = Clan {
                surname,
                ethnicity: *ethnicity,
                generation,
            };
            let members = family(&mut dice, &mut taken, clan);
            households.push(household(
                &mut dice, standing, kind, home, village, group, point, members, geography,
            ));
        }
    }
    number_register(&mut households, geography);
    Ok(households)
}

#[expect(
    clippy::too_many_arguments,
    reason = "the facts of one household, drawn in one place"
)]
fn household(
    dice: &mut Dice,
    standing: Standing,
    kind: usize,
    home: Place,
    village: usize,
    group: usize,
    point: Option<usize>,
    members: Vec<Person>,
    geography: &Geography,
) -> Household {
    let (category, cause) = match kind {
        3 => (Category::Disaster, CauseOfMove::Geohazard),
        4 => (Category::Disaster, CauseOfMove::FlashFlood),
        5 => (
            Category::Ecological,
            *dice.pick(&[
                CauseOfMove::FragileEcology,
                CauseOfMove::FragileEcology,
                CauseOfMove::Reserve,
            ]),
        ),
        2 => (Category::Other, CauseOfMove::Project),
        1 => (Category::Accompanying, CauseOfMove::ServicesUnreachable),
        _ => (
            Category::Poverty,
            *dice.pick(&[
                CauseOfMove::ServicesUnreachable,
                CauseOfMove::ServicesUnreachable,
                CauseOfMove::NoWaterOrLand,
            ]),
        ),
    };
    let must_move = match standing {
        Standing::Treated | Standing::Resident => false,
        _ if category == Category::Poverty => !dice.chance(0.12),
        _ => true,
    };
    let urgency =
        (category == Category::Disaster).then(|| match point.map(|point| geography.points[point].grade) {
            Some("极高") => Urgency::Urgent,
            Some("高") => *dice.pick(&[Urgency::Urgent, Urgency::FairlyUrgent]),
            Some("中") => *dice.pick(&[Urgency::FairlyUrgent, Urgency::Ordinary, Urgency::Ordinary]),
            _ => Urgency::Ordinary,
        });
    let able = members.iter().any(|person| {
        (16..=65).contains(&person.age())
            && matches!(person.labour, Labour::Ordinary | Labour::Skilled | Labour::Weak)
    });
    let poverty = match category {
        Category::Poverty if !able => PovertyAttribute::ExtremelyPoor,
        Category::Poverty if dice.chance(0.25) => PovertyAttribute::MinimumGuarantee,
        Category::Poverty => PovertyAttribute::OrdinaryPoor,
        Category::Accompanying => PovertyAttribute::NotPoor,
        _ if dice.chance(0.2) => PovertyAttribute::OrdinaryPoor,
        _ => PovertyAttribute::NotPoor,
    };
    let main_cause = (poverty != PovertyAttribute::NotPoor).then(|| {
        let mut fitting = vec![
            PovertyCause::Technique,
            PovertyCause::Money,
            PovertyCause::Traffic,
            PovertyCause::Land,
            PovertyCause::Water,
        ];
        let has = |health: Health| members.iter().any(|person| person.health == health);
        if has(Health::Chronic) || has(Health::MajorIllness) {
            fitting = vec![PovertyCause::Illness];
        } else if has(Health::Disabled) {
            fitting = vec![PovertyCause::Disability];
        } else if members.iter().any(|person| (7..=20).contains(&person.age())) && dice.chance(0.4) {
            fitting = vec![PovertyCause::Schooling];
        } else if !able {
            fitting = vec![PovertyCause::Labour];
        }
        *dice.pick(&fitting)
    });
    let structure = match dice.weighted(&[0.03, 0.3, 0.3, 0.36, 0.01]) {
        0 => Structure::ReinforcedConcrete,
        1 => Structure::BrickConcrete,
        2 => Structure::BrickTimber,
        3 => Structure::Earth,
        _ => Structure::Other,
    };
    let (grade_weights, years): ([f64; 4], (i64, i64)) = match structure {
        Structure::ReinforcedConcrete => ([0.7, 0.3, 0.0, 0.0], (2008, 2019)),
        Structure::BrickConcrete => ([0.35, 0.5, 0.13, 0.02], (1996, 2017)),
        Structure::BrickTimber => ([0.05, 0.5, 0.35, 0.1], (1978, 2004)),
        _ => ([0.0, 0.2, 0.5, 0.3], (1958, 1994)),
    };
    let grade =
        [SafetyGrade::A, SafetyGrade::B, SafetyGrade::C, SafetyGrade::D][dice.weighted(&grade_weights)];
    let size = members.len() as i64;
    Household {
        number: String::new(),
        standing,
        village,
        group,
        home,
        category,
        cause,
        must_move,
        urgency,
        poverty,
        main_cause,
        point,
        phone: format!(
            "1{}{:08}",
            dice.pick(&["30", "39", "58", "59", "82", "87", "91"]),
            dice.below(100_000_000)
        ),
        account: format!("6217{:015}", dice.below(1_000_000_000_000_000)),
        farmland_mu_hundredths: size * dice.between(30, 210),
        structure,
        grade,
        home_m2: (40 + size * dice.between(8, 24)).min(260) as u32,
        year_built: dice.between(years.0, years.1) as i16,
        members,
    }
}

/// Hamlets inside the red line, on its gentlest land.
fn hamlets(geography: &Geography, dice: &mut Dice) -> Vec<Place> {
    let slope = geography.slope.mean(3);
    let mut cells: Vec<usize> = geography
        .red_line
        .iter()
        .flat_map(|zone| inner_cells(&geography.slope, zone))
        .filter(|cell| slope.values[*cell] < 38.0 && geography.danger_distance.values[*cell] > 250.0)
        .collect();
    dice.shuffle(&mut cells);
    cells.sort_by_key(|cell| (slope.values[*cell] / 12.0) as i64);
    let mut hamlets: Vec<Place> = Vec::new();
    for cell in cells {
        let (x, y) = geography.slope.centre(cell);
        if hamlets.len() < 110 && hamlets.iter().all(|(hx, hy)| (x - hx).hypot(y - hy) > 500.0) {
            hamlets.push((x, y));
        }
    }
    hamlets
}

/// Puts the register in the order of villages and groups and gives each household its number.
fn number_register(households: &mut [Household], geography: &Geography) {
    households.sort_by(|a, b| {
        let rank = |household: &Household| {
            (
                household.standing != Standing::Registered,
                household.standing as u8,
                household.village,
                household.group,
            )
        };
        rank(a).cmp(&rank(b))
    });
    let mut serials = vec![0usize; geography.townships.len()];
    for household in households
        .iter_mut()
        .filter(|household| household.standing == Standing::Registered)
    {
        let township = geography.villages[household.village].township;
        serials[township] += 1;
        household.number = format!(
            "AL{}{:04}",
            &geography.townships[township].code[6..],
            serials[township]
        );
    }
}
