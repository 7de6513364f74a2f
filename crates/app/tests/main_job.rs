//! The main job on the example county, against what its maker planted: import, look-back, land, plan, and the ledger
//! over all of it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps fails, which is what it is for"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anju_app::register::import::{Options, Outcome, import};
use anju_app::workspace::{Environment, NewWorkspace};
use anju_app::{Caller, Progress, Workspace};
use anju_exchange::table::Cell;
use anju_model::area::AreaCode;
use anju_model::plan::Destination;
use anju_model::register::{ConsentChoice, Household, Pathway};
use anju_store::database_test;
use anju_store::testing::TestDatabase;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A clock that goes on by a millisecond each time it is asked, and a seeded source of bytes.
fn environment() -> Environment {
    let clock = Mutex::new(jiff::Timestamp::from_second(1_790_000_000).unwrap());
    let random = Mutex::new(ChaCha20Rng::seed_from_u64(1));
    Environment {
        clock: Box::new(move || {
            let mut now = clock.lock().unwrap();
            *now += jiff::SignedDuration::from_millis(1);
            *now
        }),
        fill_random: Box::new(move |buffer| random.lock().unwrap().fill_bytes(buffer)),
    }
}

struct County {
    folder: tempfile::TempDir,
    /// Address of the workspace's database.
    database: String,
    workspace: Workspace,
    caller: Caller,
}

impl County {
    async fn new(test: &TestDatabase) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // On SQLite the workspace keeps its own file, as a county's does.
        let given = test.address.starts_with("postgres").then(|| test.address.clone());
        anju_example::make(
            &folder.path().join("county"),
            &anju_example::Options::default(),
            &|_, _| {},
        )
        .unwrap();
        let code = AreaCode::parse("619021").unwrap();
        let new = NewWorkspace {
            county_code: code.clone(),
            county_name: "安澜县".into(),
            epsg: 4545,
            pack: "cn-shaanxi".into(),
            database: given.clone(),
            administrator: "admin".into(),
        };
        let root = folder.path().join("workspace");
        Workspace::init(&root, new, environment()).await.unwrap();
        let workspace = Workspace::open(&root, None, environment()).await.unwrap();
        Self {
            caller: Caller::operator("test", &code),
            database: given.unwrap_or_else(|| format!("sqlite://{}", root.join("anju.db").display())),
            folder,
            workspace,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn import(&self, path: &Path) -> Outcome {
        let options = Options {
            errors: self.path("errors"),
            profile: None,
            crs: None,
            layer: None,
            keep_going: false,
            list_source: Default::default(),
        };
        import(
            &self.workspace,
            &self.caller,
            &[path.to_owned()],
            &options,
            &Progress::default(),
        )
        .await
        .unwrap()
    }

    async fn entries(&self) -> u64 {
        let report = anju_app::ledger::verify(&self.workspace, &self.caller, &Progress::default())
            .await
            .unwrap();
        assert_eq!(report.problems, []);
        report.entries
    }

    fn truth(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.path("county/truth").join(name)).unwrap();
        let headers = reader.headers().unwrap().clone();
        reader
            .records()
            .map(|record| {
                headers
                    .iter()
                    .map(str::to_owned)
                    .zip(record.unwrap().iter().map(str::to_owned))
                    .collect()
            })
            .collect()
    }
}

database_test! {
    async fn the_main_job_finds_what_was_planted_and_breaks_no_rule(test) {
        let county = County::new(test).await;
        let (workspace, caller) = (&county.workspace, &county.caller);

        // Import: exactly the planted cells are refused, and a second import changes nothing.
        let first = county.import(&county.path("county")).await;
        assert!(first.households_added > 11_000, "{}", first.households_added);
        let refused = county.truth("refused.csv");
        let entries = county.entries().await;
        let second = county.import(&county.path("county")).await;
        assert_eq!((second.households_added, second.households_changed), (0, 0));
        assert_eq!(
            county.entries().await,
            entries,
            "importing the same files again changed something"
        );
        assert_eq!(first.error_workbooks, second.error_workbooks);

        // The error workbooks, corrected as the truth says, finish the job; importing them again changes nothing.
        let mut left: BTreeSet<(String, u32, String)> = refused.iter().map(cell_of).collect();
        let corrected = county.path("corrected");
        std::fs::create_dir(&corrected).unwrap();
        for workbook in &first.error_workbooks {
            correct(Path::new(workbook), &corrected, &refused, &mut left);
        }
        assert_eq!(left, BTreeSet::new(), "planted cells that were not refused");
        let finished = county.import(&corrected).await;
        let still_wrong: Vec<String> = finished
            .error_workbooks
            .iter()
            .flat_map(|path| explanations(Path::new(path)))
            .collect();
        assert_eq!(still_wrong, [""; 0]);
        assert_eq!(finished.records_refused, 0);
        assert_eq!(
            first.households_added + finished.households_added,
            county.households().await.len() as u64
        );
        assert_eq!(
            county.without_consent().await,
            BTreeSet::new(),
            "the consent of a corrected household is missing"
        );
        let entries = county.entries().await;
        county.import(&corrected).await;
        assert_eq!(
            county.entries().await,
            entries,
            "importing the corrected workbooks again changed something"
        );
        // The first files are as they were, but for the consent list, of which no row is refused any more.
        let again = county.import(&county.path("county")).await;
        assert_eq!((again.households_added, again.households_changed), (0, 0));
        assert_eq!(county.entries().await, entries + 1);

        // Look-back against what was planted.
        anju_app::lookback::run(workspace, caller, &Progress::default())
            .await
            .unwrap();
        let planted = county.truth("planted.csv");
        let found = items(&county).await;
        let (mut hits, mut wanted) = (BTreeSet::new(), 0);
        for case in &planted {
            wanted += 1;
            let (rule, household, other) = (&case["rule"], &case["household_no"], &case["other_household_no"]);
            let place = found.iter().position(|item| {
                item.rule == *rule
                    && (item.households.contains(household)
                        || (!other.is_empty() && item.households.contains(other))
                        || (household.is_empty() && item.mentions(&case["person_name"])))
            });
            match place {
                Some(place) => drop(hits.insert(place)),
                None => eprintln!("missed: {case:?}"),
            }
        }
        for (place, item) in found
            .iter()
            .enumerate()
            .filter(|(place, _)| !hits.contains(place))
        {
            eprintln!(
                "unexpected {place}: {} {:?} {}",
                item.rule, item.households, item.text
            );
        }
        let recall = hits.len() as f64 / f64::from(wanted);
        let precision = hits.len() as f64 / found.len() as f64;
        println!(
            "look-back: recall {recall:.4}, precision {precision:.4}, {wanted} planted, {} found",
            found.len()
        );
        assert!(recall >= 0.95, "recall {recall}");
        assert!(precision >= 0.95, "precision {precision}");

        // Land: no candidate touches a planted hazard site or anything that forbids.
        let land = anju_app::land::run(workspace, caller, &Progress::default())
            .await
            .unwrap();
        assert!(land.candidates >= 20, "{} candidates", land.candidates);
        let hazard_sites = county.truth("hazard_sites.csv");
        assert!(!hazard_sites.is_empty());
        for site in &hazard_sites {
            let (longitude, latitude) = (
                site["longitude"].parse().unwrap(),
                site["latitude"].parse().unwrap(),
            );
            let spot = anju_app::land::views::spot(workspace, caller, longitude, latitude)
                .await
                .unwrap();
            assert_eq!(
                spot.suitability, None,
                "a planted hazard site is not excluded: {site:?}"
            );
        }
        let candidates = anju_app::land::views::candidates(workspace, caller, &Default::default())
            .await
            .unwrap();
        for view in &candidates {
            let forbidden = view
                .candidate
                .verdicts
                .iter()
                .find(|v| v.verdict == anju_model::land::Verdict::Forbid);
            assert!(forbidden.is_none(), "{}: {forbidden:?}", view.candidate.code);
        }

        // Plan: consent, capacity, budget and a certified gap.
        let plan = anju_app::plan::run(workspace, caller, &Default::default(), &Progress::default())
            .await
            .unwrap();
        let totals = &plan.totals;
        println!("plan: {totals:?}");
        assert!(totals.cost <= totals.budget);
        assert!(
            totals.lower_bound <= totals.objective && totals.gap < 0.05,
            "gap {}",
            totals.gap
        );
        assert!(
            totals.households_placed * 10 > totals.households_to_move * 6,
            "{totals:?}"
        );
        let households: HashMap<uuid::Uuid, Household> = county.households().await;
        let townships: HashMap<uuid::Uuid, AreaCode> = plan
            .sites
            .iter()
            .map(|site| (site.site, site.area.clone()))
            .collect();
        let mut seen = BTreeSet::new();
        let mut on_site: HashMap<uuid::Uuid, u32> = HashMap::new();
        for assignment in county.assignments().await {
            for id in &assignment.households {
                assert!(seen.insert(*id), "household {id} is decided on twice");
                let consent = households[id]
                    .consent
                    .as_ref()
                    .expect("a household without consent is in the plan");
                assert_eq!(
                    consent.choice,
                    ConsentChoice::Move,
                    "household {id} does not want to move"
                );
                match &assignment.destination {
                    Destination::Site { site, .. } => {
                        *on_site.entry(*site).or_default() += 1;
                        let own = households[id]
                            .facts
                            .area
                            .at_level(anju_model::area::AreaLevel::Township)
                            .unwrap();
                        let wished = consent.preferred_township.clone().unwrap_or(own);
                        assert!(
                            consent.accepts_other_township || wished == townships[site],
                            "household {id} did not agree to that township"
                        );
                        assert!(matches!(
                            consent.pathway,
                            Some(Pathway::Concentrated | Pathway::StockHousing)
                        ));
                    }
                    Destination::Pathway { pathway } => assert_eq!(consent.pathway, Some(*pathway)),
                    Destination::Unplaced => {}
                }
            }
        }
        for site in &plan.sites {
            assert_eq!(on_site[&site.site], site.households);
            assert!(
                site.households <= site.capacity_households,
                "{} is over capacity",
                site.name
            );
            assert!(
                site.tier.is_none() || site.households >= 30,
                "{} is below the smallest size",
                site.name
            );
        }
        assert!(county.entries().await > entries);
    }
}

/// A planted cell by file, row and header.
fn cell_of(refused: &BTreeMap<String, String>) -> (String, u32, String) {
    (
        refused["file"].clone(),
        refused["row"].parse().unwrap(),
        refused["header"].clone(),
    )
}

/// Corrects an error workbook as a clerk would, cell by cell, and saves it in another folder under its own name.
fn correct(
    workbook: &Path,
    folder: &Path,
    refused: &[BTreeMap<String, String>],
    left: &mut BTreeSet<(String, u32, String)>,
) {
    let name = workbook.file_name().unwrap().to_str().unwrap();
    let list = name.split("-待更正").next().unwrap();
    let sheets = anju_exchange::table::read_table_file(workbook).unwrap();
    let table = &anju_exchange::header::recognise(&sheets, &[], None).unwrap()[0];
    assert!(table.is_error_workbook());
    let mut rows = sheets[0].rows.clone();
    let explanations = table.headers.len() - 1;
    for row in &mut rows[table.header_rows.1 + 1..] {
        let explanation = row[explanations].shown();
        let place = explanation.strip_prefix("原表第").unwrap();
        let original: u32 = place.split('行').next().unwrap().parse().unwrap();
        for cell in refused {
            let planted = cell_of(cell);
            if planted.1 != original || Path::new(&planted.0).file_stem().unwrap() != list {
                continue;
            }
            let column = table
                .headers
                .iter()
                .position(|header| header.ends_with(&planted.2))
                .unwrap();
            row[column] = Cell::Text(cell["right"].clone());
            left.remove(&planted);
        }
    }
    let mut corrected = rust_xlsxwriter::Workbook::new();
    let sheet = corrected.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let (row, column) = (row as u32, column as u16);
            match cell {
                Cell::Number(number) => sheet.write_number(row, column, *number).unwrap(),
                other => sheet.write_string(row, column, other.shown()).unwrap(),
            };
        }
    }
    corrected.save(folder.join(name)).unwrap();
}

/// What an error workbook says of its rows.
fn explanations(workbook: &Path) -> Vec<String> {
    let sheets = anju_exchange::table::read_table_file(workbook).unwrap();
    let table = &anju_exchange::header::recognise(&sheets, &[], None).unwrap()[0];
    sheets[0].rows[table.header_rows.1 + 1..]
        .iter()
        .map(|row| format!("{}: {}", workbook.display(), row.last().unwrap().shown()))
        .collect()
}

struct Item {
    rule: String,
    households: Vec<String>,
    text: String,
}

impl Item {
    fn mentions(&self, name: &str) -> bool {
        self.text.contains(name)
    }
}

async fn items(county: &County) -> Vec<Item> {
    // Lists show names masked; what was planted is told by whole ones.
    let db = anju_store::Db::open(&county.database).await.unwrap();
    let stored: Vec<anju_store::Versioned<anju_model::lookback::LookbackItem>> =
        anju_store::load_all(&db).await.unwrap();
    let texts: HashMap<uuid::Uuid, String> = stored
        .into_iter()
        .map(|item| item.value)
        .map(|item| (item.id, format!("{} {:?}", item.explanation.zh, item.values)))
        .collect();
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let query = anju_app::lookback::views::ItemQuery {
            after: after.clone(),
            limit: Some(200),
            ..Default::default()
        };
        let page = anju_app::lookback::views::list(&county.workspace, &county.caller, &query)
            .await
            .unwrap();
        found.extend(page.items.into_iter().map(|item| {
            Item {
                rule: item.rule,
                households: item
                    .household
                    .into_iter()
                    .chain(item.other_household)
                    .map(|household| household.register_number)
                    .collect(),
                text: texts[&item.id].clone(),
            }
        }));
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

impl County {
    async fn households(&self) -> HashMap<uuid::Uuid, Household> {
        let db = anju_store::Db::open(&self.database).await.unwrap();
        let all: Vec<anju_store::Versioned<Household>> = anju_store::load_all(&db).await.unwrap();
        all.into_iter()
            .map(|household| (household.value.id, household.value))
            .collect()
    }

    /// Register numbers on the consent list whose households have no consent in the register.
    async fn without_consent(&self) -> BTreeSet<String> {
        let households = self.households().await;
        let with: BTreeSet<&str> = households
            .values()
            .filter(|household| household.consent.is_some())
            .map(|household| household.facts.register_number.as_str())
            .collect();
        let sheets = anju_exchange::table::read_table_file(&self.path("county/搬迁意愿.xlsx")).unwrap();
        let table = &anju_exchange::header::recognise(&sheets, &[], None).unwrap()[0];
        let column = table.columns["register_number"];
        let listed = sheets[0].rows[table.header_rows.1 + 1..]
            .iter()
            .map(|row| row[column].shown());
        listed
            .filter(|number| !number.is_empty() && !with.contains(number.as_str()))
            .collect()
    }

    async fn assignments(&self) -> Vec<anju_model::plan::Assignment> {
        let db = anju_store::Db::open(&self.database).await.unwrap();
        let all: Vec<anju_store::Versioned<anju_model::plan::Assignment>> =
            anju_store::load_all(&db).await.unwrap();
        all.into_iter().map(|assignment| assignment.value).collect()
    }
}
