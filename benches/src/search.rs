//! Pages of the register's list and its search, at many households and with many clients at once.
//!
//! Makes up a register, imports it and lets clients ask for pages as the web app does, through the use case with its
//! authorisation, masking and names: lists in every order, of the county, of a township and of a village, with filters,
//! and searches for names, given names, initials, ID numbers, phone tails and register numbers of the register. Each
//! client asks without pause; a request's time is what its client waits. The promise: 99 of 100 under 50 ms at 1,000,000
//! households with 16 clients, on SQLite and on PostgreSQL.
//!
//! Usage: `cargo run --release -p anju-benches --bin search -- sqlite|postgres [HOUSEHOLDS] [REQUESTS] [CLIENTS]`
//! (1,000,000 households, 20,000 requests, 16 clients). PostgreSQL is started in a temporary folder, or named by
//! `ANJU_TEST_POSTGRES`. `ANJU_BENCH_WORKSPACE` names a folder where the workspace is kept and found again.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anju_app::register::import::{Options, import};
use anju_app::register::views::{HouseholdQuery, list};
use anju_app::workspace::{Environment, NewWorkspace};
use anju_app::{Caller, Progress, Workspace};
use anju_benches::made_up::{COUNTY, Numbers, areas, household, write_csv};
use anju_benches::measure::{load, own_processor_seconds, percentile};
use anju_model::area::AreaCode;
use anju_model::register::Category;
use anju_store::testing::TestDatabase;

const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let engine = arguments.next().unwrap_or_else(|| "sqlite".into());
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (households, requests, clients) = (number(1_000_000)?, number(20_000)?, number(16)?);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(&engine, households, requests, clients))
}

async fn run(engine: &str, households: u64, requests: u64, clients: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let kept = std::env::var_os("ANJU_BENCH_WORKSPACE").map(PathBuf::from);
    let root = kept.clone().unwrap_or_else(|| folder.path().join("workspace"));
    // Holds the server that was started, until the end.
    let mut server = None;
    if !root.join("anju.toml").exists() {
        let database = match engine {
            "sqlite" => None,
            _ => {
                let made = server.insert(TestDatabase::postgres().await);
                Some(made.address.clone())
            }
        };
        fill(&root, folder.path(), database, households).await?;
    }
    let workspace = Arc::new(Workspace::open(&root, None, Environment::system()).await?);
    let begun = Instant::now();
    let before = own_processor_seconds();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let workspace = workspace.clone();
            tokio::spawn(async move {
                let mut numbers = Numbers::new(1000 + client);
                let mut waited: Vec<(&'static str, f64)> = Vec::new();
                for _ in 0..requests / clients {
                    let (kind, query, area) = request(&mut numbers, households);
                    let caller = Caller::operator("bench", &area);
                    let begun = Instant::now();
                    let page = list(&workspace, &caller, &query)
                        .await
                        .map_err(|error| error.to_string())?;
                    waited.push((kind, begun.elapsed().as_secs_f64() * 1000.0));
                    if page.items.is_empty() && query.category.is_none() {
                        return Err(format!("nothing was found: {query:?}"));
                    }
                }
                Ok::<_, String>(waited)
            })
        })
        .collect();
    let mut by_kind: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for task in tasks {
        for (kind, waited) in task.await?? {
            by_kind.entry(kind).or_default().push(waited);
        }
    }
    let (seconds, processor) = (begun.elapsed().as_secs_f64(), own_processor_seconds() - before);
    println!(
        "{engine}, {households} households, {clients} clients, load {}",
        load()
    );
    println!(
        "{:<24} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "milliseconds", "requests", "p50", "p95", "p99", "most"
    );
    let mut all: Vec<f64> = by_kind.values().flatten().copied().collect();
    for (kind, mut waited) in by_kind {
        print(kind, &mut waited);
    }
    print("all", &mut all);
    println!(
        "{:.0} requests/s, {:.2} ms of processor each (without PostgreSQL's own)",
        all.len() as f64 / seconds,
        processor * 1000.0 / all.len() as f64
    );
    Ok(())
}

fn print(kind: &str, waited: &mut [f64]) {
    let [p50, p95, p99, most] = [0.5, 0.95, 0.99, 1.0].map(|share| percentile(waited, share));
    println!(
        "{kind:<24} {:>8} {p50:>8.1} {p95:>8.1} {p99:>8.1} {most:>8.1}",
        waited.len()
    );
}

/// Makes the workspace and imports the register.
async fn fill(
    root: &Path,
    folder: &Path,
    database: Option<String>,
    households: u64,
) -> Result<(), Box<dyn Error>> {
    let county = AreaCode::parse(COUNTY)?;
    let new = NewWorkspace {
        county_code: county.clone(),
        county_name: "安澜县".into(),
        epsg: 4545,
        pack: "cn-national".into(),
        database,
        administrator: "admin".into(),
    };
    Workspace::init(root, new, Environment::system()).await?;
    let workspace = Workspace::open(root, None, Environment::system()).await?;
    let files = folder.join("files");
    std::fs::create_dir_all(&files)?;
    let (files, persons) = write_csv(&files, households, 300_000, SEED)?;
    let options = Options {
        errors: folder.join("errors"),
        profile: None,
        crs: None,
        layer: None,
        keep_going: false,
        list_source: Default::default(),
    };
    let begun = Instant::now();
    let caller = Caller::operator("bench", &county);
    let outcome = import(&workspace, &caller, &files, &options, &Progress::default()).await?;
    if outcome.households_added != households {
        return Err(format!("{} households were imported", outcome.households_added).into());
    }
    println!(
        "imported {persons} persons in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// One request, as a clerk makes them: its kind, the query, and the area of who asks.
fn request(numbers: &mut Numbers, households: u64) -> (&'static str, HouseholdQuery, AreaCode) {
    let code = |text: &str| AreaCode::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let county = code(COUNTY);
    let all = areas(households);
    let place = |numbers: &mut Numbers, digits: usize| {
        let places: Vec<&String> = all
            .iter()
            .map(|(code, _)| code)
            .filter(|code| code.len() == digits)
            .collect();
        code(places[numbers.below(places.len() as u64) as usize])
    };
    let sort = [
        "register_number",
        "head_name",
        "-persons",
        "area",
        "-register_number",
    ][numbers.below(5) as usize];
    let sorted = HouseholdQuery {
        sort: Some(sort.into()),
        ..HouseholdQuery::default()
    };
    let rows = household(numbers.below(households), SEED);
    let member = &rows[numbers.below(rows.len() as u64) as usize];
    let searched = |text: String| HouseholdQuery {
        search: Some(text),
        ..HouseholdQuery::default()
    };
    match numbers.below(12) {
        0 => ("list, county", sorted, county),
        1 => ("list, township", sorted, place(numbers, 9)),
        2 => ("list, village", sorted, place(numbers, 12)),
        3 => {
            let category =
                [Category::Poverty, Category::Disaster, Category::Other][numbers.below(3) as usize];
            let must_move = [None, Some(true), Some(false)][numbers.below(3) as usize];
            let query = HouseholdQuery {
                category: Some(category),
                must_move,
                ..sorted
            };
            (
                "list, filtered",
                query,
                [county, place(numbers, 9)][numbers.below(2) as usize].clone(),
            )
        }
        4 => {
            let query = HouseholdQuery {
                must_move: Some(false),
                category: Some(Category::Accompanying),
                ..sorted
            };
            ("list, rare filter", query, county)
        }
        5 => ("search, name", searched(member[4].clone()), county),
        6 => {
            let surname: String = member[4].chars().take(1).collect();
            ("search, surname", searched(surname), county)
        }
        7 => {
            let given: String = member[4].chars().skip(1).collect();
            ("search, given name", searched(given), county)
        }
        8 => ("search, ID number", searched(member[5].clone()), county),
        9 => {
            let initials = anju_store::register::initials(&member[4]);
            ("search, initials", searched(initials), county)
        }
        10 => {
            let phone = &rows[0][21];
            let tail = phone.len() - 4 - numbers.below(4) as usize;
            ("search, phone tail", searched(phone[tail..].to_owned()), county)
        }
        _ => (
            "search, register number",
            searched(rows[0][0][3..].to_owned()),
            county,
        ),
    }
}
