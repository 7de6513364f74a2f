//! The made county as a whole: repeatable, of the stated size, and wrong exactly where the truth says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anju_model::identity::{IdNumber, Sex};
use anju_model::register::{Category, Relation};
use geo::{Area, Contains, Point, Validation};

use crate::geography::Geography;
use crate::people::{Household, Numbers, Person, Standing};
use crate::planting::Files;
use crate::{Options, geography, make, people, planting, terrain};

/// The county in memory, at its full size.
fn county(seed: u64) -> (Geography, Vec<Household>, Files) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("terrain.tif");
    std::fs::write(&path, crate::TERRAIN).unwrap();
    let geography = geography::lay_out(terrain::read(&path).unwrap(), 15, seed).unwrap();
    let numbers = Numbers {
        registered: 12_000,
        omitted: 120,
        treated: 200,
        residents: 1_500,
    };
    let households = people::settle(&geography, &numbers, seed).unwrap();
    let files = planting::plant(&geography, &households, seed);
    (geography, households, files)
}

/// The bytes of every file below a folder, by path.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in next.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A county of few households in a folder of its own.
fn small(seed: u64) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        seed,
        households: 900,
        ..Options::default()
    };
    make(folder.path(), &options, &|_, _| {}).unwrap();
    bytes(folder.path())
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (first, again, other) = (small(3), small(3), small(4));
    let differing: Vec<&String> = first
        .iter()
        .filter(|(name, bytes)| again.get(*name) != Some(*bytes))
        .map(|(name, _)| name)
        .collect();
    assert!(
        differing.is_empty() && first.len() == again.len(),
        "{differing:?}"
    );
    // The README and the bare terrain do not depend on the seed, and attribute tables hold little but serial numbers;
    // everything else does.
    let alike: Vec<&String> = first
        .iter()
        .filter(|(name, bytes)| other.get(*name) == Some(*bytes))
        .map(|(name, _)| name)
        .filter(|name| {
            ![".prj", ".cpg", ".dbf"]
                .iter()
                .any(|ending| name.ends_with(ending))
        })
        .collect();
    assert_eq!(alike, ["README.md", "layers/dem.tif"]);

    let registers: Vec<&String> = first
        .keys()
        .filter(|name| name.starts_with("register/"))
        .collect();
    assert_eq!(registers.len(), 15);
    assert_eq!(registers.iter().filter(|name| name.ends_with(".csv")).count(), 1);
    assert_eq!(
        first.keys().filter(|name| name.starts_with("extracts/")).count(),
        6
    );
    for name in [
        "truth/planted.csv",
        "truth/refused.csv",
        "README.md",
        "layers/dem.tif",
        "layers/planning.gpkg",
    ] {
        assert!(first.contains_key(name), "{name}");
    }
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kept.txt"), "kept").unwrap();
    let error = make(folder.path(), &Options::default(), &|_, _| {}).unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
    assert_eq!(bytes(folder.path()).len(), 1);
}

#[test]
fn the_land_is_a_county() {
    let (geography, households, _) = county(1);
    assert_eq!(geography.townships.len(), 15);
    assert!((170..=190).contains(&geography.villages.len()));
    let groups: usize = geography
        .villages
        .iter()
        .map(|village| village.groups.len())
        .sum();
    assert!((850..=1150).contains(&groups), "{groups}");
    let codes: BTreeSet<&str> = geography
        .villages
        .iter()
        .map(|village| village.code.as_str())
        .collect();
    assert_eq!(codes.len(), geography.villages.len(), "two villages share a code");

    let zones = geography
        .hazards
        .iter()
        .map(|hazard| ("hazard", &hazard.zone))
        .chain(geography.floods.iter().map(|zone| ("flood", zone)))
        .chain(geography.red_line.iter().map(|zone| ("red line", zone)))
        .chain(geography.farmland.iter().map(|zone| ("farmland", zone)));
    let mut layers: BTreeMap<&str, usize> = BTreeMap::new();
    for (layer, zone) in zones {
        *layers.entry(layer).or_default() += 1;
        assert!(zone.outline.is_valid(), "an outline of {layer} is not valid");
    }
    assert_eq!(layers.len(), 4, "{layers:?}");
    for plan in geography
        .functional
        .iter()
        .chain(&geography.town_plan)
        .chain(&geography.parks)
    {
        assert!(plan.outline.is_valid(), "{}", plan.name);
    }
    assert_eq!(geography.parks.len(), 4);
    assert!(!geography.rivers.is_empty() && !geography.roads.is_empty() && !geography.facilities.is_empty());

    // The townships and the main functional zones cover the same land.
    let area = |polygons: &mut dyn Iterator<Item = f64>| polygons.sum::<f64>();
    let townships = area(
        &mut geography
            .townships
            .iter()
            .flat_map(|township| &township.outlines)
            .map(Area::unsigned_area),
    );
    let functional = area(
        &mut geography
            .functional
            .iter()
            .map(|plan| plan.outline.unsigned_area()),
    );
    assert!(
        (townships / functional - 1.0).abs() < 1e-3,
        "{townships} and {functional} m²"
    );
    assert!(townships > 600e6, "{townships}");

    // Every home is where its household says it is.
    for household in &households {
        let place = household.home;
        let township = &geography.townships[geography.villages[household.village].township];
        let inside = township
            .outlines
            .iter()
            .any(|outline| outline.contains(&Point::new(place.0, place.1)));
        assert!(inside, "{} lives outside {}", household.number, township.name);
        let cell = geography.slope.cell_at(place.0, place.1).unwrap();
        match household.category {
            Category::Disaster => assert_eq!(
                geography.danger_distance.values[cell], 0.0,
                "{}",
                household.number
            ),
            Category::Ecological => assert_eq!(
                geography.red_line_distance.values[cell], 0.0,
                "{}",
                household.number
            ),
            _ => assert!(
                geography.danger_distance.values[cell] > 30.0,
                "{}",
                household.number
            ),
        }
    }
}

/// The rules that can be broken by what is written of a household alone, and whether this one breaks them.
fn broken(household: &Household) -> BTreeSet<&'static str> {
    let mut rules = BTreeSet::new();
    let is_spouse = |person: &&Person| {
        matches!(
            person.relation,
            Relation::Spouse | Relation::Husband | Relation::Wife
        )
    };
    let heads: Vec<&Person> = household
        .members
        .iter()
        .filter(|person| person.relation == Relation::Head)
        .collect();
    let spouses: Vec<&Person> = household.members.iter().filter(is_spouse).collect();
    match heads.len() {
        0 => rules.insert("family.no_head"),
        1 => false,
        _ => rules.insert("family.two_heads"),
    };
    if spouses.len() > 1 {
        rules.insert("family.two_spouses");
    }
    if let ([head], [spouse]) = (heads.as_slice(), spouses.as_slice())
        && head.male == spouse.male
    {
        rules.insert("family.spouse_same_sex");
    }
    for person in &household.members {
        let number = IdNumber::new(&person.id);
        if person.id.is_empty() {
            continue;
        }
        if number.check().is_err() {
            // Such a number says nothing of birth date and sex.
            rules.insert("identity.check_digit");
            continue;
        }
        if number.birth_date() != Some(person.birth) {
            rules.insert("identity.birth_mismatch");
        }
        if number.sex() != Some(if person.male { Sex::Male } else { Sex::Female }) {
            rules.insert("identity.sex_mismatch");
        }
    }
    for person in &household.members {
        if let [head] = heads.as_slice() {
            let older = match person.relation {
                Relation::Father | Relation::Mother | Relation::Parent => {
                    head.birth.year() - person.birth.year()
                }
                Relation::Son | Relation::Daughter => person.birth.year() - head.birth.year(),
                _ => 100,
            };
            if older < 14 {
                rules.insert("family.parent_age");
            }
        }
    }
    rules
}

#[test]
fn the_register_is_wrong_where_the_truth_says_so_and_nowhere_else() {
    for seed in [1, 7] {
        wrong_where_the_truth_says_so(seed);
    }
}

fn wrong_where_the_truth_says_so(seed: u64) {
    let (geography, households, files) = county(seed);
    assert_eq!(files.listed.len(), 12_000);
    let persons: usize = files.listed.iter().map(|household| household.members.len()).sum();
    assert!((43_000..=47_500).contains(&persons), "{persons}");
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &files.cases {
        *kinds.entry(case.kind).or_default() += 1;
    }
    for (kind, least, most) in [
        ("duplicate", 140, 160),
        ("ineligible", 280, 340),
        ("omitted", 110, 130),
        ("wrong_fact", 270, 330),
    ] {
        let count = kinds.get(kind).copied().unwrap_or(0);
        assert!((least..=most).contains(&count), "{kind}: {count}");
    }

    // A household has one trouble; a person listed again with a wrong number or birth date makes two cases of it.
    let mut cases: BTreeMap<&str, Vec<&planting::Case>> = BTreeMap::new();
    for case in &files.cases {
        for number in [&case.household, &case.other]
            .into_iter()
            .filter(|number| !number.is_empty())
        {
            cases.entry(number).or_default().push(case);
        }
    }
    for (number, cases) in &cases {
        let alone = cases.len() == 1
            || matches!(cases[..], [first, second]
                if first.rule == "identity.duplicate_person" && second.kind == "wrong_fact"
                    && first.other == second.household && first.note == second.note);
        let rules: Vec<&str> = cases.iter().map(|case| case.rule).collect();
        assert!(alone, "{number} has {rules:?}");
    }

    let civil: BTreeMap<&str, &planting::Registered> = files
        .civil
        .iter()
        .map(|row| (row.person.id.as_str(), row))
        .collect();
    assert_eq!(
        civil.len(),
        files.civil.len(),
        "two persons of the civil registry share a number"
    );
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let (mut numberless, mut unregistered) = (0, 0);
    for household in &files.listed {
        let number = household.number.as_str();
        let cases = cases.get(number).map_or(&[][..], Vec::as_slice);
        let has = |rule: &str| cases.iter().any(|case| case.rule == rule);
        // What is written of a household alone breaks exactly the rules of its own cases; that its person is listed
        // elsewhere too breaks none of them there.
        let expected: BTreeSet<&str> = cases
            .iter()
            .filter(|case| case.household == number)
            .map(|case| case.rule)
            .filter(|rule| {
                rule.starts_with("family.")
                    || [
                        "identity.check_digit",
                        "identity.birth_mismatch",
                        "identity.sex_mismatch",
                    ]
                    .contains(rule)
            })
            .collect();
        assert_eq!(broken(household), expected, "{number}");

        let cell = geography
            .slope
            .cell_at(household.home.0, household.home.1)
            .unwrap();
        let outside =
            household.category == Category::Disaster && geography.danger_distance.values[cell] > 300.0;
        assert_eq!(outside, has("over_report.outside_hazard"), "{number}");

        for person in &household.members {
            if person.id.is_empty() {
                assert!(has("identity.duplicate_person"), "{number}");
                numberless += 1;
                continue;
            }
            let number18 = IdNumber::new(&person.id).to_18().unwrap().as_str().to_owned();
            if let Some(before) = seen.insert(number18.clone(), number) {
                let case = cases
                    .iter()
                    .find(|case| case.rule == "identity.duplicate_person")
                    .unwrap_or_else(|| panic!("{number} and {before} share a number"));
                assert!([case.household.as_str(), case.other.as_str()].contains(&before));
            }
            let named_by = |rule: &str| cases.iter().any(|case| case.rule == rule && case.id == person.id);
            if named_by("identity.check_digit") {
                assert!(!civil.contains_key(number18.as_str()), "{number18} is somebody's");
                continue;
            }
            let Some(row) = civil.get(number18.as_str()) else {
                assert!(
                    cases.iter().all(|case| case.rule.starts_with("red_flag.")),
                    "{number18} is in no civil registry"
                );
                unregistered += 1;
                continue;
            };
            assert_eq!(row.death.is_some(), named_by("identity.deceased"), "{number}");
            if !has("identity.duplicate_person") {
                let renamed = named_by("identity.name_mismatch");
                assert_eq!(row.person.name != person.name, renamed, "{number}");
            }
        }
    }
    let duplicates = |ways: &[&str]| {
        files
            .cases
            .iter()
            .filter(|case| case.rule == "identity.duplicate_person" && ways.contains(&case.note.as_str()))
            .count()
    };
    let same_number = duplicates(&[
        "as it is",
        "15-digit ID number",
        "variant or homophone character",
        "birth date written differently, ID number right",
    ]);
    assert_eq!(
        persons - numberless - seen.len(),
        same_number,
        "each duplicate with its number is one person listed twice"
    );
    assert_eq!(
        duplicates(&["birth date written differently, no ID number"]),
        numberless
    );
    let slips = [
        "one wrong digit in the ID number",
        "two neighbouring digits of the ID number swapped",
    ];
    assert!(slips.iter().all(|slip| duplicates(&[slip]) >= 3));
    assert_eq!(same_number + numberless + duplicates(&slips), kinds["duplicate"]);
    assert!(
        (persons / 150..=persons / 70).contains(&unregistered),
        "{unregistered} persons of the register are in no civil registry"
    );

    // The omitted are known to the civil registry and to no register.
    let omitted: Vec<&Household> = households
        .iter()
        .filter(|household| household.standing == Standing::Omitted)
        .collect();
    assert_eq!(omitted.len(), kinds["omitted"]);
    for household in omitted {
        assert!(household.point.is_some() && household.must_move);
        for person in &household.members {
            assert!(civil.contains_key(person.id.as_str()) && !seen.contains_key(&person.id));
        }
    }
}

/// An ID number of 18 plain characters, however it was written.
fn narrow(written: &str) -> String {
    let plain = |c: char| match c {
        '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).unwrap(),
        other => other,
    };
    let number = IdNumber::new(&written.chars().map(plain).collect::<String>());
    number.check().unwrap();
    number.to_18().unwrap().as_str().to_owned()
}

#[test]
fn the_civil_registry_is_written_badly_too_and_still_says_who_is_who() {
    let (_, _, files) = county(1);
    for row in &files.civil {
        assert_eq!(narrow(&row.id), row.person.id);
    }
    let rows = |fits: &dyn Fn(&str) -> bool| files.civil.iter().filter(|row| fits(&row.id)).count();
    assert!(rows(&|id| id.contains('０')) > 100);
    assert!(rows(&|id| id.ends_with('x')) > 20);
    assert!(rows(&|id| id.ends_with(' ')) > 100);
    assert!(rows(&|id| id.len() == 15) > 100);
}

#[test]
fn red_flags_name_the_planted_persons_and_near_misses_do_not() {
    let (_, _, files) = county(1);
    let register: BTreeSet<String> = files
        .listed
        .iter()
        .flat_map(|household| &household.members)
        .filter_map(|person| Some(IdNumber::new(&person.id).to_18()?.as_str().to_owned()))
        .collect();
    let flagged = |rows: &[planting::Row], counts: &dyn Fn(&[String]) -> bool| -> BTreeSet<String> {
        rows.iter()
            .filter(|row| counts(&row.cells))
            .map(|row| narrow(&row.id))
            .filter(|id| register.contains(id))
            .collect()
    };
    let dear =
        |cells: &[String]| cells[2].parse::<f64>().is_ok_and(|price| price >= 30_000.0) && cells[4] == "正常";
    let town = |cells: &[String]| ["商品住宅", "商铺"].contains(&cells[0].as_str());
    let running = |cells: &[String]| cells[2] == "存续" && cells[1] != "成员";
    let serving = |cells: &[String]| cells[2] == "在职";
    // The near-misses that look most like it are there.
    for (rows, place, word) in [
        (&files.vehicles, 1, "正三轮载货摩托车"),
        (&files.vehicles, 4, "报废"),
        (&files.estates, 0, "农村自建房"),
        (&files.companies, 1, "成员"),
        (&files.payroll, 2, "退休"),
        (&files.insurance, 0, "机关事业单位养老保险(退休)"),
    ] {
        let count = rows.iter().filter(|row| row.cells[place] == word).count();
        assert!(count >= 5, "{word}: {count}");
    }
    let found = [
        ("red_flag.vehicle", flagged(&files.vehicles, &dear)),
        ("red_flag.commercial_housing", flagged(&files.estates, &town)),
        ("red_flag.company", flagged(&files.companies, &running)),
        ("red_flag.public_payroll", flagged(&files.payroll, &serving)),
    ];
    for (rule, found) in found {
        let planted: BTreeSet<String> = files
            .cases
            .iter()
            .filter(|case| case.rule == rule)
            .map(|case| case.id.clone())
            .collect();
        assert!(!planted.is_empty());
        assert_eq!(found, planted, "{rule}");
    }
}

/// The rows of a table of the truth, by header.
fn rows_of(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(bytes)
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn the_truth_names_the_file_and_the_sheet() {
    let county = small(5);
    for case in rows_of(&county["truth/planted.csv"]) {
        let omitted = case["kind"] == "omitted";
        assert_eq!(case["file"].is_empty(), omitted, "{case:?}");
        assert!(
            omitted || county.contains_key(&format!("register/{}", case["file"])),
            "{case:?}"
        );
    }
    let refused = rows_of(&county["truth/refused.csv"]);
    assert!(!refused.is_empty());
    for cell in refused {
        let sheet = if cell["file"].ends_with(".csv") {
            ""
        } else {
            "花名册"
        };
        assert_eq!(cell["sheet"], sheet, "{cell:?}");
    }
}

#[test]
fn three_in_ten_of_those_who_move_accept_another_township() {
    let bytes = small(6)["搬迁意愿.xlsx"].clone();
    let sheets = anju_exchange::table::read_table_bytes(Path::new("搬迁意愿.xlsx"), bytes).unwrap();
    // Below title and header: number, choice, pathway, township, whether another township is accepted.
    let moving: Vec<bool> = (2..sheets[0].rows.len())
        .filter(|row| !sheets[0].cell(*row, 3).is_blank())
        .map(|row| sheets[0].cell(row, 4).shown() == "是")
        .collect();
    let share = moving.iter().filter(|accepts| **accepts).count() as f64 / moving.len() as f64;
    assert!((0.24..=0.36).contains(&share), "{share} of {}", moving.len());
}
