//! Running programs: to their end, with their output captured, and measured.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::Failure;

/// How often the memory of a running program is read.
const MEMORY_INTERVAL: Duration = Duration::from_millis(20);

/// The present moment, for measuring durations.
#[expect(
    clippy::disallowed_methods,
    reason = "this program measures how long steps take; no result depends on it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A program with its arguments, to be run in `folder`.
pub(crate) fn command<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
    folder: &Path,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>, folder: &Path) -> Command {
    command(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        arguments,
        folder,
    )
}

/// Program and arguments as one would type them.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a program to its end; what it prints goes where this program's output goes.
///
/// # Errors
/// When it cannot be started or ends without success.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|source| start_failure(command, source))?;
    if status.success() {
        Ok(())
    } else {
        Err(ended(command, &status.to_string()))
    }
}

/// Runs a program to its end and returns what it printed on standard output; standard error is passed on.
///
/// # Errors
/// When it cannot be started or ends without success.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    measured(command).map(|measured| measured.stdout)
}

/// Runs a program to its end, passes its lines on as they come, and adds those that `keep` accepts to `kept`, trimmed.
///
/// # Errors
/// When it cannot be started or ends without success.
pub(crate) fn run_keeping(
    command: &mut Command,
    keep: fn(&str) -> bool,
    kept: &mut Vec<String>,
) -> Result<(), Failure> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| start_failure(command, source))?;
    let (lines, received) = std::sync::mpsc::channel();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        if let Some(pipe) = out {
            let lines = lines.clone();
            scope.spawn(move || send_lines(pipe, &lines));
        }
        if let Some(pipe) = err {
            let lines = lines.clone();
            scope.spawn(move || send_lines(pipe, &lines));
        }
        drop(lines);
        for line in received {
            println!("{line}");
            if keep(&line) {
                kept.push(line.trim().to_owned());
            }
        }
    });
    let status = child.wait().map_err(|source| start_failure(command, source))?;
    if status.success() {
        Ok(())
    } else {
        Err(ended(command, &status.to_string()))
    }
}

/// Sends each line of a pipe until it ends; what is not UTF-8 is sent with replacement characters.
fn send_lines(pipe: impl Read, lines: &std::sync::mpsc::Sender<String>) {
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
            return;
        }
    }
}

/// Whether the program can be started and ends with success; it prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What a measured program printed and used.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// Its standard output.
    pub(crate) stdout: String,
    /// From start to end.
    pub(crate) elapsed: Duration,
    /// Most memory it held at once, KiB; `None` where the system does not tell.
    pub(crate) peak_kib: Option<u64>,
}

/// Runs a program to its end, capturing standard output, and measures time and peak memory.
///
/// # Errors
/// When it cannot be started or ends without success.
pub(crate) fn measured(command: &mut Command) -> Result<Measured, Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let start = now();
    let mut child = command.spawn().map_err(|source| start_failure(command, source))?;
    let reader = child.stdout.take().map(|mut pipe| {
        std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).map(|_| text)
        })
    });
    let (status, peak_kib) =
        wait_watching_memory(&mut child).map_err(|source| start_failure(command, source))?;
    let elapsed = start.elapsed();
    let stdout = match reader.map(std::thread::JoinHandle::join) {
        Some(Ok(Ok(text))) => text,
        Some(Ok(Err(error))) => {
            return Err(Failure::Output {
                line: line(command),
                reason: error.to_string(),
            });
        }
        Some(Err(_)) | None => {
            return Err(Failure::Output {
                line: line(command),
                reason: "its output could not be read".into(),
            });
        }
    };
    if !status.success() {
        eprint!("{stdout}");
        return Err(ended(command, &status.to_string()));
    }
    Ok(Measured {
        stdout,
        elapsed,
        peak_kib,
    })
}

fn wait_watching_memory(child: &mut Child) -> std::io::Result<(std::process::ExitStatus, Option<u64>)> {
    let status_file = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = None;
    loop {
        // The kernel keeps the high-water mark itself, so only growth in the last interval can be missed.
        if let Ok(text) = std::fs::read_to_string(&status_file) {
            peak = peak.max(high_water_mark(&text));
        }
        if let Some(status) = child.try_wait()? {
            return Ok((status, peak));
        }
        std::thread::sleep(MEMORY_INTERVAL);
    }
}

/// The `VmHWM` line of a `/proc/PID/status` text, KiB.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn start_failure(command: &Command, source: std::io::Error) -> Failure {
    Failure::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    }
}

fn ended(command: &Command, status: &str) -> Failure {
    Failure::Program {
        line: line(command),
        status: status.to_owned(),
    }
}

/// The first of `names` that is an executable file in a folder of `PATH` or in one of `more`.
pub(crate) fn find(names: &[&str], more: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(more.iter().cloned())
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::{Command, find, high_water_mark, line, measured, run_keeping};
    use crate::error::Failure;

    #[test]
    fn the_high_water_mark_is_read_from_the_status_text() {
        assert_eq!(
            high_water_mark("Name:\tanju\nVmPeak:\t  99 kB\nVmHWM:\t   12345 kB\nThreads:\t1\n"),
            Some(12345)
        );
        assert_eq!(high_water_mark("Name:\tanju\n"), None);
    }

    #[test]
    fn a_program_is_captured_and_a_failing_one_is_an_error() {
        let ended = measured(Command::new("sh").args(["-c", "echo out; echo more"])).unwrap();
        assert_eq!(ended.stdout, "out\nmore\n");
        let failure = measured(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(
            matches!(failure, Failure::Program { ref status, .. } if status.contains('3')),
            "{failure}"
        );
        assert!(matches!(
            measured(&mut Command::new("./no-such-program")),
            Err(Failure::Start { .. })
        ));
    }

    #[test]
    fn closing_lines_of_both_streams_are_kept_even_when_the_program_fails() {
        let mut kept = Vec::new();
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "echo '  Summary 2 passed'; echo noise; echo '  Summary 1 failed' >&2; exit 1",
        ]);
        assert!(run_keeping(&mut command, |line| line.contains("Summary"), &mut kept).is_err());
        kept.sort();
        assert_eq!(kept, ["Summary 1 failed", "Summary 2 passed"]);
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        assert_eq!(
            line(Command::new("/usr/bin/npm").args(["run", "build"])),
            "npm run build"
        );
    }

    #[test]
    fn programs_are_found_in_the_extra_folders_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("only-here-xyz"), "").unwrap();
        let more = [folder.path().to_owned()];
        assert_eq!(
            find(&["absent-xyz", "only-here-xyz"], &more),
            Some(folder.path().join("only-here-xyz"))
        );
        assert_eq!(find(&["absent-xyz"], &more), None);
    }
}
