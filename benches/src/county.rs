//! The main job on the example county: wall time and peak memory of each step, as a user would run it.
//!
//! Runs the `anju` program beside this one (build it first: `cargo build -p anju-cli`), on a fresh county and a fresh
//! workspace each round, and prints the median of the rounds. The promise is under 60 s and under 2 GiB for the four
//! steps together on two cores; this prints, it does not assert.
//!
//! Usage: `cargo run -p anju-benches --bin county -- [ROUNDS]` (3 by default).

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One run of one step.
struct Sample {
    seconds: f64,
    peak_mib: f64,
}

const STEPS: [&str; 4] = ["import", "lookback", "land", "plan"];

fn main() -> Result<(), Box<dyn Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(3), |text| text.parse())?;
    let program = program()?;
    let mut samples: Vec<Vec<Sample>> = STEPS.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds {
        let folder = tempfile::tempdir()?;
        let county = folder.path().join("county");
        let workspace = folder.path().join("workspace");
        let errors = folder.path().join("errors");
        measure(
            Command::new(&program)
                .args(["example", "make", "--seed", &round.to_string()])
                .arg(&county),
        )?;
        let anju = || {
            let mut command = Command::new(&program);
            command.arg("--workspace").arg(&workspace).arg("--json");
            command
        };
        measure(anju().args(["init", "--county-code", "619021", "--county-name", "安澜县"]))?;
        for (step, samples) in STEPS.iter().zip(&mut samples) {
            let mut command = anju();
            command.arg(step);
            if *step == "import" {
                command.arg(&county).arg("--errors").arg(&errors);
            }
            let sample = measure(&mut command)?;
            eprintln!(
                "round {round}: {step:<9} {:6.2} s {:7.0} MiB",
                sample.seconds, sample.peak_mib
            );
            samples.push(sample);
        }
    }
    println!("{:<10} {:>9} {:>12}", "step", "median s", "peak MiB");
    let (mut total, mut peak) = (0.0, 0.0f64);
    for (step, samples) in STEPS.iter().zip(&samples) {
        let seconds = median(samples.iter().map(|sample| sample.seconds).collect());
        let memory = median(samples.iter().map(|sample| sample.peak_mib).collect());
        println!("{step:<10} {seconds:>9.2} {memory:>12.0}");
        total += seconds;
        peak = peak.max(memory);
    }
    println!("{:<10} {total:>9.2} {peak:>12.0}", "all");
    Ok(())
}

/// The `anju` program in the same folder as this one.
fn program() -> Result<PathBuf, Box<dyn Error>> {
    let here = std::env::current_exe()?;
    let program = here
        .parent()
        .unwrap_or(Path::new("."))
        .join(format!("anju{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!(
            "{} is missing: run `cargo build -p anju-cli` first",
            program.display()
        )
        .into())
    }
}

/// Runs a command to its end; its peak memory is read from the system while it runs (Linux).
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn measure(command: &mut Command) -> Result<Sample, Box<dyn Error>> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0.0f64;
    let status = loop {
        if let Some(kib) = std::fs::read_to_string(&status_file)
            .ok()
            .as_deref()
            .and_then(high_water_mark)
        {
            peak_kib = peak_kib.max(kib);
        }
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    if !status.success() {
        return Err(format!("{command:?} ended with {status}").into());
    }
    Ok(Sample {
        seconds: start.elapsed().as_secs_f64(),
        peak_mib: peak_kib / 1024.0,
    })
}

/// `VmHWM` of a process status text, KiB.
fn high_water_mark(status: &str) -> Option<f64> {
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .trim()
        .strip_suffix(" kB")?
        .trim()
        .parse()
        .ok()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
