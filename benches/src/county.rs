//! The main job on the example county: wall time and peak memory of each step, as a user would run it.
//!
//! Runs the `anju` program beside this one (build it first: `cargo build -p anju-cli`), on a fresh county and a fresh
//! workspace each round, and prints the median of the rounds. The promise is under 60 s and under 2 GiB for the four
//! steps together on two cores; this prints, it does not assert.
//!
//! Usage: `cargo run -p anju-benches --bin county -- [ROUNDS]` (3 by default).

use std::error::Error;
use std::process::Command;

use anju_benches::measure::{Sample, measure, program};

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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
