//! The household register: one row per person, households kept together. A household is read whole or held back whole:
//! one bad cell of one member holds back all of its rows.

use std::collections::{BTreeMap, HashMap};

use anju_model::area::AreaCode;
use anju_model::identity::Sex;
use anju_model::register::{
    Category, Disability, Helper, Home, HouseholdFacts, HouseholdRecord, IdKind, LivingConditions,
    Membership, PersonFacts, Position, Relation, Work,
};

use crate::areas::AreaIndex;
use crate::header::Table;
use crate::normal::{self, Refusal};
use crate::packed::{Blocks, PackedSheet};
use crate::rows::{CellProblem, Parsed, RefusedRows, Row, Rows, is_data, missing};
use crate::table::Cell;

/// Fields that belong to the household: filled in on its first row, on every row, or in a merged cell.
const OF_HOUSEHOLD: [&str; 45] = [
    "register_number",
    "township",
    "village",
    "group",
    "head_name",
    "category",
    "causes",
    "must_move",
    "urgency",
    "poverty_attribute",
    "poverty_cause",
    "longitude",
    "latitude",
    "hazard_point",
    "phone",
    "bank_account",
    "farmland",
    "structure",
    "grade",
    "home_area",
    "year_built",
    "poverty_standing",
    "monitored_class",
    "other_poverty_causes",
    "forest",
    "orchard",
    "grassland",
    "water_surface",
    "homestead",
    "owner",
    "listed_village",
    "shared_building",
    "road_distance",
    "access_road",
    "water_safe",
    "water_near",
    "power",
    "fuel",
    "toilet",
    "cooperative_member",
    "helper_name",
    "helper_unit",
    "helper_id_number",
    "helper_phone",
    "vulnerabilities",
];

/// Reads a register. Rows of one household follow each other with the number only on the first, or share its number.
pub fn read_register(table: &Table<'_>, areas: &AreaIndex) -> Parsed<HouseholdRecord> {
    let rows = Rows::new(table);
    let data = rows.data();
    let mut parsed = Parsed {
        records: Vec::new(),
        refused: Vec::new(),
        notes: Vec::new(),
        rows_read: data.len() as u64,
    };
    let one_digit = has_relations_of_one_digit(&rows, &data);
    for household in households(&rows, &data) {
        let (record, problems) = read_household(&rows, &household, areas, one_digit);
        match record {
            Some(record) if problems.is_empty() => parsed.records.push(record),
            _ => {
                let rows = household.iter().map(|row| rows.number(*row)).collect();
                parsed.refused.push(RefusedRows {
                    rows,
                    cells: problems,
                });
            }
        }
    }
    parsed
}

/// Whether the relations are codes of the list of one digit. Only that list has a 0, its head; a 1 or 2 alone is a 01 or
/// 02 whose zero a spreadsheet dropped.
fn has_relations_of_one_digit(rows: &Rows<'_>, data: &[usize]) -> bool {
    let mut zero = false;
    for row in data {
        let code = normal::compact(&rows.cell(*row, "relation").shown());
        if code.bytes().all(|byte| byte.is_ascii_digit()) {
            zero |= code == "0";
            if code.len() > 1 {
                return false;
            }
        }
    }
    zero
}

/// The rows of each household as the spreadsheet counts them, by its first row; they need not be next to each other.
pub fn household_rows(table: &Table<'_>) -> HashMap<u32, Vec<u32>> {
    let rows = Rows::new(table);
    households(&rows, &rows.data())
        .into_iter()
        .filter_map(|household| {
            let first = household.first().map(|row| rows.number(*row))?;
            Some((first, household.iter().map(|row| rows.number(*row)).collect()))
        })
        .collect()
}

/// Which household each row belongs to, row after row.
#[derive(Default)]
struct Grouping {
    households: usize,
    by_number: HashMap<String, usize>,
    current: Option<usize>,
}

impl Grouping {
    /// The household of the next row, by the cell of its number.
    fn household(&mut self, number: &Cell) -> usize {
        let fresh = self.households;
        let household = match normal::identifier(number) {
            Ok(Some(number)) => *self.by_number.entry(number).or_insert(fresh),
            // Without a number the row goes on with the household above; the first row has none above.
            Ok(None) => self.current.unwrap_or(fresh),
            Err(_) => fresh,
        };
        self.households = self.households.max(household + 1);
        self.current = Some(household);
        household
    }
}

/// The rows of each household, in the order of their first rows.
fn households(rows: &Rows<'_>, data: &[usize]) -> Vec<Vec<usize>> {
    let mut grouping = Grouping::default();
    let mut households: Vec<Vec<usize>> = Vec::new();
    for row in data {
        let household = grouping.household(rows.cell(*row, "register_number"));
        if household == households.len() {
            households.push(Vec::new());
        }
        households[household].push(*row);
    }
    households
}

/// The rows of a packed sheet by household, so that the sheet can be read in pieces that cut no household.
pub struct HouseholdRows {
    /// Rows counted from 0, one household after the other.
    rows: Vec<u32>,
    /// Where each household ends in `rows`.
    ends: Vec<usize>,
}

impl HouseholdRows {
    /// Finds the rows of each household. The table is the recognised head of the sheet.
    pub fn find(sheet: &PackedSheet, table: &Table<'_>) -> Self {
        let head = table.header_rows.1 + 1;
        let blocks = Blocks::new(sheet, table);
        let column = table.columns.get("register_number").copied();
        let mut grouping = Grouping::default();
        let mut found: Vec<(u32, u32)> = Vec::new();
        for row in head..sheet.len() {
            let mut cells = sheet.row(row);
            if is_data(table, &cells) {
                blocks.fill(sheet, row, &mut cells);
                let number = column
                    .and_then(|column| cells.get(column))
                    .unwrap_or(&Cell::Empty);
                // A sheet has fewer rows than 2^32.
                found.push((grouping.household(number) as u32, row as u32));
            }
        }
        found.sort_unstable();
        let mut ends = Vec::with_capacity(grouping.households);
        for (place, (household, _)) in found.iter().enumerate() {
            if found.get(place + 1).is_none_or(|(next, _)| next != household) {
                ends.push(place + 1);
            }
        }
        let rows = found.into_iter().map(|(_, row)| row).collect();
        Self { rows, ends }
    }

    /// Rows of all households.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The rows of whole households, at least `size` rows in a piece but for the last.
    pub fn pieces(&self, size: usize) -> impl Iterator<Item = &[u32]> {
        let mut from = 0;
        let mut ends = self.ends.iter();
        std::iter::from_fn(move || {
            let end = ends
                .find(|end| **end >= from + size)
                .or_else(|| self.ends.last().filter(|last| **last > from))?;
            let piece = self.rows.get(from..*end)?;
            from = *end;
            Some(piece)
        })
    }
}

fn read_household(
    rows: &Rows<'_>,
    household: &[usize],
    areas: &AreaIndex,
    one_digit: bool,
) -> (Option<HouseholdRecord>, Vec<CellProblem>) {
    let mut problems = Vec::new();
    let mut members = Vec::new();
    for row in household {
        let mut row = rows.row(*row);
        members.extend(read_person(&mut row, one_digit));
        problems.append(&mut row.problems);
    }
    // For each field of the household, the first row that fills it in; the others must not say otherwise.
    let mut places = BTreeMap::new();
    for field in OF_HOUSEHOLD {
        let filled = household.iter().filter(|row| !rows.cell(**row, field).is_blank());
        let mut filled = filled.copied().peekable();
        let Some(first) = filled.next().or_else(|| household.first().copied()) else {
            continue;
        };
        places.insert(field, first);
        if filled.peek().is_none() {
            continue;
        }
        let value = normal::compact(&rows.cell(first, field).shown());
        for other in filled {
            if normal::compact(&rows.cell(other, field).shown()) != value {
                let mut row = rows.row(other);
                row.refuse(
                    field,
                    Refusal::new(
                        (
                            &format!("与同户第 {} 行的“{value}”不一致", rows.number(first)),
                            &format!(
                                "it differs from {value:?} in row {} of the same household",
                                rows.number(first)
                            ),
                        ),
                        (
                            "同一户只填一个值；不是同一户则改户编号",
                            "give one value per household, or another register number",
                        ),
                    ),
                );
                problems.append(&mut row.problems);
            }
        }
    }
    let facts = read_facts(rows, &places, areas, &mut problems);
    if let (Some(place), true) = (places.get("head_name"), problems.is_empty()) {
        check_head_name(rows.row(*place), &members, &mut problems);
    }
    // The head first, the others as written.
    members.sort_by_key(|member| !member.relation.is_head());
    let record = facts.map(|facts| HouseholdRecord {
        facts,
        members,
        rows: (
            household.first().map_or(0, |row| rows.number(*row)),
            household.last().map_or(0, |row| rows.number(*row)),
        ),
    });
    (record, problems)
}

/// Where the register names the head and one member is the head, the two must be one.
fn check_head_name(mut row: Row<'_, '_>, members: &[PersonFacts], problems: &mut Vec<CellProblem>) {
    let heads: Vec<&PersonFacts> = members
        .iter()
        .filter(|member| member.relation.is_head())
        .collect();
    let written = row
        .text("head_name")
        .and_then(|name| normal::person_name(&name).ok());
    if let (Some(written), [head]) = (written, heads.as_slice())
        && written != head.name
    {
        row.refuse(
            "head_name",
            Refusal::new(
                (
                    &format!("户主姓名“{written}”与成员中的户主“{}”不一致", head.name),
                    &format!(
                        "the name of the head, {written:?}, is not that of the member who is the head, {:?}",
                        head.name
                    ),
                ),
                (
                    "核对户主姓名和与户主关系",
                    "check the name of the head and the relations to the head",
                ),
            ),
        );
    }
    problems.append(&mut row.problems);
}

fn read_person(row: &mut Row<'_, '_>, one_digit: bool) -> Option<PersonFacts> {
    let name = row.need_name("name");
    let id_number = row.take("id_number", normal::id_number);
    let sex = row.coded("sex", &normal::SEX).unwrap_or(Sex::Unstated);
    let birth_date = row.take("birth_date", |cell| normal::date(cell, id_number.as_ref()));
    let relation = row.need("relation", |cell| {
        let Some(word) = normal::text(cell)? else {
            return Ok(None);
        };
        match Relation::from_legacy(&word).filter(|_| one_digit) {
            Some(relation) => Ok(Some(relation)),
            None => normal::coded(&normal::RELATION, &word).map(Some),
        }
    });
    let id_kind = row.coded("id_kind", &normal::ID_KIND);
    // Without a column for it, the length of the number tells a disability certificate from an identity number.
    let certificate = id_number
        .as_ref()
        .is_some_and(|number| matches!(number.as_str().len(), 20 | 22));
    let class = row.coded("disability_class", &normal::DISABILITY_CLASS);
    let grade = row.coded("disability_grade", &normal::DISABILITY_GRADE);
    if class.is_some() != grade.is_some() && row.problems.is_empty() {
        let lacking = if class.is_none() {
            "disability_class"
        } else {
            "disability_grade"
        };
        row.refuse(lacking, missing());
    }
    let facts = PersonFacts {
        birth_date,
        id_kind: id_kind.unwrap_or(match certificate {
            true => IdKind::DisabilityCertificate,
            false => IdKind::Resident,
        }),
        no_id_reason: row.text("no_id_reason"),
        ethnicity: row.coded("ethnicity", &normal::ETHNICITY),
        marriage: row.coded("marriage", &normal::MARRIAGE),
        education: row.coded("education", &normal::EDUCATION),
        school: row.coded("school", &normal::SCHOOL),
        dropout_reason: row.text("dropout_reason"),
        health: row.several("health", &normal::HEALTH).unwrap_or_default(),
        disability: class.zip(grade).map(|(class, grade)| Disability { class, grade }),
        labour: row.coded("labour", &normal::LABOUR),
        work: read_work(row),
        medical_insurance: row.coded("medical_insurance", &normal::MEDICAL_INSURANCE),
        pension_insurance: row.coded("pension_insurance", &normal::PENSION_INSURANCE),
        benefit: row.coded("benefit", &normal::BENEFIT),
        party_member: row.take("party_member", normal::yes_no),
        military: row.coded("military", &normal::MILITARY),
        phone: row.take("member_phone", normal::identifier),
        hukou_area: row.take("hukou_area", |cell| {
            let Some(code) = normal::identifier(cell)? else {
                return Ok(None);
            };
            AreaCode::parse(&code).map(Some).map_err(|_| {
                Refusal::new(
                    (
                        &format!("“{code}”不是区划代码"),
                        &format!("{code:?} is not an area code"),
                    ),
                    (
                        "填写 2、4、6、9、12 或 14 位区划代码",
                        "enter an area code of 2, 4, 6, 9, 12 or 14 digits",
                    ),
                )
            })
        }),
        away_reason: row.coded("away_reason", &normal::AWAY_REASON),
        membership: Membership {
            basis: row
                .coded("membership_basis", &normal::MEMBERSHIP_BASIS)
                .unwrap_or_default(),
            document: row.text("membership_document"),
        },
        ..PersonFacts::new(name?, sex, relation?)
    };
    Some(PersonFacts { id_number, ..facts })
}

fn read_work(row: &mut Row<'_, '_>) -> Work {
    let header = row.header("wage");
    Work {
        channel: row.coded("channel", &normal::EMPLOYMENT_CHANNEL),
        place: row.coded("work_place", &normal::EMPLOYMENT_PLACE),
        months: row
            .take("months", |cell| normal::whole_between(cell, 0, 12))
            .and_then(|months| u8::try_from(months).ok()),
        monthly_wage: row.take("wage", |cell| normal::money(cell, &header, 1.0)),
        skills: row.text("skills"),
        training_wish: row.text("training_wish"),
    }
}

fn read_facts(
    rows: &Rows<'_>,
    places: &BTreeMap<&str, usize>,
    areas: &AreaIndex,
    problems: &mut Vec<CellProblem>,
) -> Option<HouseholdFacts> {
    // Each field is read in its own row; the problems end up in one list.
    let mut field = Fields {
        rows,
        places,
        problems,
    };
    let register_number = field.read("register_number", |row, name| row.need(name, normal::identifier));
    let area = read_area(&mut field, areas);
    let category: Option<Category> =
        field.read("category", |row, name| row.need_coded(name, &normal::CATEGORY));
    let causes = field
        .read("causes", |row, name| row.several(name, &normal::CAUSE_OF_MOVE))
        .unwrap_or_default();
    let must_move = field.read("must_move", |row, name| row.need(name, normal::yes_no));
    let urgency = field.read("urgency", |row, name| row.coded(name, &normal::URGENCY));
    let poverty_attribute = field.read("poverty_attribute", |row, name| {
        row.coded(name, &normal::POVERTY_ATTRIBUTE)
    });
    let main_cause_of_poverty = field.read("poverty_cause", |row, name| {
        row.coded(name, &normal::POVERTY_CAUSE)
    });
    let position = read_position(&mut field);
    let hazard_point = field.read("hazard_point", |row, name| row.take(name, normal::identifier));
    let phone = field.read("phone", |row, name| row.take(name, normal::identifier));
    let bank_account = field.read("bank_account", |row, name| row.take(name, normal::identifier));
    let home = Home {
        structure: field.read("structure", |row, name| row.coded(name, &normal::STRUCTURE)),
        grade: field.read("grade", |row, name| row.coded(name, &normal::SAFETY_GRADE)),
        area_m2: field.read("home_area", |row, name| {
            row.take(name, |cell| normal::number_between(cell, 0.0, 5_000.0))
        }),
        year_built: field
            .read("year_built", |row, name| {
                row.take(name, |cell| normal::whole_between(cell, 1800, 2100))
            })
            .and_then(|year| i16::try_from(year).ok()),
        homestead_m2: field.read("homestead", |row, name| {
            row.take(name, |cell| normal::number_between(cell, 0.0, 5_000.0))
        }),
        owner: field.read("owner", |row, name| row.text(name)),
        listed_village: field.read("listed_village", |row, name| {
            row.coded(name, &normal::LISTED_VILLAGE)
        }),
        shared_with_stayers: field.read("shared_building", |row, name| row.take(name, normal::yes_no)),
    };
    let living = LivingConditions {
        road_distance_km: field.read("road_distance", |row, name| {
            row.take(name, |cell| normal::number_between(cell, 0.0, 500.0))
        }),
        access_road: field.read("access_road", |row, name| row.coded(name, &normal::ACCESS_ROAD)),
        water_safe: field.read("water_safe", |row, name| row.take(name, normal::yes_no)),
        water_near: field.read("water_near", |row, name| row.take(name, normal::yes_no)),
        power: field.read("power", |row, name| row.take(name, normal::yes_no)),
        fuel: field.read("fuel", |row, name| row.coded(name, &normal::FUEL)),
        toilet: field.read("toilet", |row, name| row.coded(name, &normal::TOILET)),
    };
    let helper_name = field.read("helper_name", |row, name| row.text(name));
    let helper = Helper {
        unit: field.read("helper_unit", |row, name| row.text(name)),
        id_number: field.read("helper_id_number", |row, name| row.take(name, normal::id_number)),
        phone: field.read("helper_phone", |row, name| row.take(name, normal::identifier)),
        name: helper_name.clone().unwrap_or_default(),
    };
    let mut mu = |column: &str| {
        field
            .read(column, |row, name| {
                row.take(name, |cell| normal::number_between(cell, 0.0, 10_000.0))
            })
            .map(|mu| (mu * 100.0).round() as i64)
    };
    let [farmland, forest, orchard, grassland, water] =
        ["farmland", "forest", "orchard", "grassland", "water_surface"].map(&mut mu);
    let mut facts = HouseholdFacts {
        poverty_standing: field.read("poverty_standing", |row, name| {
            row.coded(name, &normal::POVERTY_STANDING)
        }),
        monitored_class: field.read("monitored_class", |row, name| {
            row.coded(name, &normal::MONITORED_CLASS)
        }),
        other_causes_of_poverty: field
            .read("other_poverty_causes", |row, name| {
                row.several(name, &normal::POVERTY_CAUSE)
            })
            .unwrap_or_default(),
        cooperative_member: field.read("cooperative_member", |row, name| row.take(name, normal::yes_no)),
        helper: helper_name.map(|_| helper),
        vulnerabilities: field
            .read("vulnerabilities", |row, name| {
                row.several(name, &normal::VULNERABILITY)
            })
            .unwrap_or_default(),
        ..HouseholdFacts::new(register_number?, area?, category?)
    };
    // Among the other causes the main one says nothing new.
    facts
        .other_causes_of_poverty
        .retain(|cause| Some(*cause) != main_cause_of_poverty);
    Some(HouseholdFacts {
        causes,
        must_move: must_move?,
        urgency,
        poverty_attribute,
        main_cause_of_poverty,
        position,
        hazard_point,
        phone,
        bank_account,
        farmland_mu_hundredths: farmland,
        forest_mu_hundredths: forest,
        orchard_mu_hundredths: orchard,
        grassland_mu_hundredths: grassland,
        water_mu_hundredths: water,
        home,
        living,
        ..facts
    })
}

/// Reads each field of a household in the row that fills it in.
struct Fields<'a, 't> {
    rows: &'a Rows<'t>,
    places: &'a BTreeMap<&'a str, usize>,
    problems: &'a mut Vec<CellProblem>,
}

impl<'t> Fields<'_, 't> {
    fn read<T>(&mut self, field: &str, read: impl FnOnce(&mut Row<'_, 't>, &str) -> Option<T>) -> Option<T> {
        let mut row = self.rows.row(*self.places.get(field)?);
        let value = read(&mut row, field);
        self.problems.append(&mut row.problems);
        value
    }
}

fn read_area(field: &mut Fields<'_, '_>, areas: &AreaIndex) -> Option<AreaCode> {
    let township = field.read("township", |row, name| {
        row.take(name, |cell| {
            normal::text(cell)?
                .map(|text| areas.township_as_written(&text))
                .transpose()
        })
    });
    // Whether the township was given but not understood: then the village is not looked for county-wide.
    let township_given = field
        .places
        .get("township")
        .is_some_and(|row| !field.rows.cell(*row, "township").is_blank());
    if township_given && township.is_none() {
        return None;
    }
    let village = field.read("village", |row, name| {
        row.need(name, |cell| {
            normal::text(cell)?
                .map(|text| areas.village(township.as_ref(), &text))
                .transpose()
        })
    })?;
    let group = field.read("group", |row, name| {
        row.take(name, |cell| {
            normal::text(cell)?
                .map(|text| areas.group(&village, &text))
                .transpose()
        })
    });
    // Old papers name the areas of their time; the register has those of today.
    let written = group.unwrap_or(village);
    field.read("village", |row, name| {
        row.take(name, |_| areas.present(&written).map(Some))
    })
}

fn read_position(field: &mut Fields<'_, '_>) -> Option<Position> {
    let longitude = field.read("longitude", |row, name| {
        row.take(name, |cell| normal::number_between(cell, 73.0, 136.0))
    });
    let latitude = field.read("latitude", |row, name| {
        row.take(name, |cell| normal::number_between(cell, 3.0, 54.0))
    });
    match (longitude, latitude) {
        (Some(longitude), Some(latitude)) => Some(Position { longitude, latitude }),
        (None, None) => None,
        (one, _) => {
            let lacking = if one.is_none() { "longitude" } else { "latitude" };
            // A coordinate that was refused has been reported already.
            field.read(lacking, |row, name| -> Option<()> {
                if row.cell(name).is_blank() {
                    row.refuse(name, missing());
                }
                None
            });
            None
        }
    }
}
