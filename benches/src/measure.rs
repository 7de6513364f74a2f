//! Wall time, processor time and peak memory of programs, and the spread of many short times.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One run of a program.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Wall time.
    pub seconds: f64,
    /// Processor time, of all threads.
    pub processor_seconds: f64,
    /// Largest resident memory.
    pub peak_mib: f64,
}

/// Ticks of the system's clock in a second, as Linux reports processor times.
const TICKS: f64 = 100.0;

/// The `anju` program in the same folder as this one.
///
/// # Errors
/// When it is not there.
pub fn program() -> Result<PathBuf, Box<dyn Error>> {
    let here = std::env::current_exe()?;
    let program = here
        .parent()
        .unwrap_or(Path::new("."))
        .join(format!("anju{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        Ok(program)
    } else {
        Err(format!(
            "{} is missing: build it first, `cargo build -p anju-cli` in the same profile",
            program.display()
        )
        .into())
    }
}

/// Runs a command to its end; memory and processor time are read from the system while it runs (Linux).
///
/// # Errors
/// When it cannot be run or fails.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub fn measure(command: &mut Command) -> Result<Sample, Box<dyn Error>> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let folder = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut peak_kib, mut ticks) = (0.0f64, 0.0f64);
    let status = loop {
        if let Ok(status) = std::fs::read_to_string(folder.join("status")) {
            peak_kib = peak_kib.max(high_water_mark(&status).unwrap_or(0.0));
        }
        if let Ok(stat) = std::fs::read_to_string(folder.join("stat")) {
            ticks = ticks.max(processor_ticks(&stat).unwrap_or(0.0));
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
        processor_seconds: ticks / TICKS,
        peak_mib: peak_kib / 1024.0,
    })
}

/// Processor time of this process so far, of all threads, in seconds (Linux; 0 elsewhere).
pub fn own_processor_seconds() -> f64 {
    std::fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|stat| processor_ticks(&stat))
        .unwrap_or(0.0)
        / TICKS
}

/// Load of the machine over the last minute, as Linux tells it.
pub fn load() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split(' ').next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".into())
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

/// Time in the program and in the system for it, of a process's line of figures. The name in brackets may hold blanks.
fn processor_ticks(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

/// The value below which the given share of the values lies.
pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share) as usize;
    values
        .get(place.min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}
