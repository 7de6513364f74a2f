//! Import of a register: from CSV into SQLite with the program itself, and reading from XLSX beside its peer.
//!
//! Makes up a register, imports it as CSV into a fresh workspace by running the `anju` program beside this one (build it
//! first, `cargo build --release -p anju-cli`), imports it once more (nothing may change), and imports it as XLSX into
//! another workspace. Reading alone is measured beside calamine, which reads the same bytes into its own cells and does
//! no more with them. The promises: 20,000 persons a second from CSV, ledger entries included, under 1 GiB; reading XLSX
//! at no less than half of calamine's speed.
//!
//! Usage: `cargo run --release -p anju-benches --bin import -- [HOUSEHOLDS] [csv|xlsx]` (300,000 and both by default).
//! `ANJU_BENCH_DATABASE` names an empty database to import the CSV files into instead of SQLite.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::error::Error;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anju_benches::made_up::{COUNTY, areas, write_csv, write_xlsx};
use anju_benches::measure::{Sample, load, measure, own_processor_seconds, program};
use anju_exchange::areas::AreaIndex;
use anju_exchange::header::recognise;
use anju_exchange::packed::{Blocks, PackedSheet};
use anju_exchange::register::{HouseholdRows, read_register};
use anju_exchange::table::read_packed_file;
use anju_model::area::{Area, AreaCode};
use anju_model::register::FileKind;
use calamine::{Reader, Xlsx};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let households: u64 = arguments.next().map_or(Ok(300_000), |text| text.parse())?;
    let wanted = arguments.next();
    let wants = |format: &str| wanted.as_deref().is_none_or(|wanted| wanted == format);
    let folder = tempfile::tempdir()?;
    let program = program()?;
    println!("load {}", load());
    if wants("csv") {
        let files = folder.path().join("csv");
        std::fs::create_dir(&files)?;
        let (files, persons) = write_csv(&files, households, 300_000, 1)?;
        let size: u64 = files
            .iter()
            .filter_map(|file| file.metadata().ok())
            .map(|file| file.len())
            .sum();
        println!(
            "{households} households, {persons} persons, {} MiB of CSV",
            size >> 20
        );
        let workspace = folder.path().join("workspace");
        let mut init = anju(&program, &workspace);
        init.args(["init", "--county-code", COUNTY, "--county-name", "安澜县"]);
        if let Ok(database) = std::env::var("ANJU_BENCH_DATABASE") {
            init.args(["--database", &database]);
        }
        measure(&mut init)?;
        let import = || {
            let mut command = anju(&program, &workspace);
            command
                .arg("import")
                .args(&files)
                .arg("--errors")
                .arg(folder.path().join("errors"));
            command
        };
        print("import CSV", persons, measure(&mut import())?);
        print("import CSV again", persons, measure(&mut import())?);
        let database = workspace.join("anju.db").metadata().map_or(0, |file| file.len());
        println!("{:<24} {:>9} MiB", "database", database >> 20);
        print(
            "verify",
            persons,
            measure(anju(&program, &workspace).args(["ledger", "verify"]))?,
        );
    }
    if wants("xlsx") {
        let path = folder.path().join("搬迁户名册.xlsx");
        write_xlsx(&path, households, 1)?;
        println!("{} MiB of XLSX", path.metadata()?.len() >> 20);
        let bare = timed("calamine, bare", || bare(&path))?;
        let packed = timed("read XLSX", || Ok(read_packed_file(&path)?))?;
        println!(
            "{:<24} {:>8.2} of calamine's time",
            "read XLSX",
            packed.1 / bare.1
        );
        let read = timed("make households", || make_households(&packed.0, households))?;
        println!("{:<24} {:>9} persons", "made", read.0);
        drop(packed);
        let workspace = folder.path().join("workspace-xlsx");
        measure(anju(&program, &workspace).args([
            "init",
            "--county-code",
            COUNTY,
            "--county-name",
            "安澜县",
        ]))?;
        let (files, persons) = write_csv(folder.path(), households, households, 1)?;
        let mut import = anju(&program, &workspace);
        import
            .arg("import")
            .arg(&files[0])
            .arg(&path)
            .arg("--errors")
            .arg(folder.path().join("errors"));
        print("import XLSX", persons, measure(&mut import)?);
    }
    println!("load {}", load());
    Ok(())
}

fn anju(program: &Path, workspace: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("--workspace").arg(workspace).arg("--json");
    command
}

/// Runs a step here; returns what it gave and its wall time in seconds.
fn timed<T>(
    what: &str,
    step: impl FnOnce() -> Result<T, Box<dyn Error>>,
) -> Result<(T, f64), Box<dyn Error>> {
    let (begun, before) = (Instant::now(), own_processor_seconds());
    let made = step()?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{what:<24} {seconds:>8.2} s {:>8.2} s of processor",
        own_processor_seconds() - before
    );
    Ok((made, seconds))
}

/// What calamine does by itself: all cells of the first sheet in memory.
fn bare(path: &Path) -> Result<usize, Box<dyn Error>> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(std::fs::read(path)?))?;
    let name = workbook.sheet_names().first().cloned().ok_or("no sheet")?;
    Ok(workbook.worksheet_range(&name)?.get_size().0)
}

/// Makes households of the rows that were read, piece by piece as an import does.
fn make_households(sheets: &[PackedSheet], households: u64) -> Result<usize, Box<dyn Error>> {
    let areas: Vec<Area> = areas(households)
        .into_iter()
        .map(|(code, name)| Ok(Area::new(AreaCode::parse(&code)?, name)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    let index = AreaIndex::new(&areas);
    let sheet = sheets.first().ok_or("no sheet")?;
    let heads = [sheet.head()];
    let tables = recognise(&heads, &[], Some(FileKind::Register))?;
    let table = tables.first().ok_or("no register")?;
    let blocks = Blocks::new(sheet, table);
    let mut persons = 0;
    for rows in HouseholdRows::find(sheet, table).pieces(3_000) {
        let piece = sheet.piece(&blocks, rows.iter().map(|row| *row as usize));
        let parsed = read_register(&table.with_rows(&piece), &index);
        if let Some(refused) = parsed.refused.first() {
            return Err(format!("a made-up row was refused: {refused:?}").into());
        }
        persons += parsed
            .records
            .iter()
            .map(|household| household.members.len())
            .sum::<usize>();
    }
    Ok(persons)
}

fn print(what: &str, persons: u64, sample: Sample) {
    println!(
        "{what:<24} {:>8.2} s {:>8.2} s of processor {:>6.0} MiB {:>9.0} persons/s",
        sample.seconds,
        sample.processor_seconds,
        sample.peak_mib,
        persons as f64 / sample.seconds
    );
}
