//! The tool itself, `daftar-replay`, run as its user runs it.

use super::{Figures, Groups};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Names a program that is there already, in place of one that is built.
const PROGRAM: &str = "DAFTAR_REPLAY";

/// The two reports that answer all questions, made of one fold.
const REPORTS: [&str; 7] = [
    "satisfaction",
    "--group-by",
    "agent",
    "--figures",
    "csat",
    "--also",
    "overview?group_by=department&interval=month&figures=first_response,full_resolution,reopen_rate",
];

/// The program.
#[derive(Debug)]
pub struct Tool {
    program: PathBuf,
}

/// What the reports took, and what they answered.
#[derive(Debug)]
pub struct Ran {
    /// From the process's start to its end, in seconds.
    pub seconds: f64,
    /// The nanoseconds that each stage took for each event, as `--timings` tells it.
    pub stages: Vec<(String, f64)>,
    reports: Vec<u8>,
}

impl Tool {
    /// The program that `DAFTAR_REPLAY` names, else the one built as this bench was.
    ///
    /// # Panics
    ///
    /// When it does not build.
    #[must_use]
    pub fn built() -> Self {
        if let Some(program) = std::env::var_os(PROGRAM) {
            return Self { program: program.into() };
        }
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--release", "--quiet", "--locked", "--package", "daftar-replay-tool"]);
        assert!(
            build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success(),
            "daftar-replay does not build"
        );
        let this = std::env::current_exe().unwrap();
        Self { program: this.ancestors().nth(2).unwrap().join("daftar-replay") }
    }

    /// Makes the reports of a data directory, on so many threads; none: as many as there are cores.
    ///
    /// # Panics
    ///
    /// When it fails.
    #[must_use]
    pub fn run(&self, data: &Path, threads: Option<u32>) -> Ran {
        let started = Instant::now();
        let output = self.reports(data, threads).wait_with_output().unwrap();
        Ran::of(started.elapsed().as_secs_f64(), output)
    }

    /// The most memory that it held itself, `RssAnon` in bytes, looked at every few milliseconds while it ran.
    ///
    /// # Panics
    ///
    /// When it fails.
    #[must_use]
    pub fn memory(&self, data: &Path, threads: Option<u32>) -> f64 {
        watched(self.reports(data, threads))
    }

    /// Writes all events as Parquet.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn export(&self, data: &Path, out: &Path) {
        let mut command = Command::new(&self.program);
        command.args(["export", "events", "--to", "parquet", "--quiet", "--data-dir"]).arg(data);
        assert!(command.arg("--out").arg(out).status().unwrap().success(), "the events can't be exported");
    }

    fn reports(&self, data: &Path, threads: Option<u32>) -> Child {
        let mut command = Command::new(&self.program);
        command.arg("report").args(REPORTS).args(["--output", "json", "--quiet", "--timings", "--data-dir"]).arg(data);
        if let Some(threads) = threads {
            command.args(["--threads", &threads.to_string()]);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

fn watched(child: Child) -> f64 {
    let (status, ended) = (format!("/proc/{}/status", child.id()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watch = || {
            let mut most = 0.0_f64;
            while !ended.load(Ordering::Relaxed) {
                most = crate::anonymous_memory_in(&status).map_or(most, |bytes| most.max(bytes));
                std::thread::sleep(Duration::from_millis(5));
            }
            most
        };
        let watching = scope.spawn(watch);
        let output = child.wait_with_output().unwrap();
        ended.store(true, Ordering::Relaxed);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        watching.join().unwrap()
    })
}

impl Ran {
    fn of(seconds: f64, output: Output) -> Self {
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        let stage = |line: &str| {
            let [stage, _, each] = line.split_whitespace().collect::<Vec<_>>()[..] else { return None };
            Some((stage.to_owned(), each.parse().ok()?))
        };
        Self { seconds, stages: told.lines().filter_map(stage).collect(), reports: output.stdout }
    }

    /// What the reports say.
    ///
    /// # Panics
    ///
    /// When they are no such reports.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let reports: Vec<Value> =
            serde_json::Deserializer::from_slice(&self.reports).into_iter().map(Result::unwrap).collect();
        let [by_agent, by_month] = &reports[..] else { panic!("there are {} reports", reports.len()) };
        let agent = |row: &Value| vec![text(&row["group"]["agent"])];
        let month = |row: &Value| vec![text(&row["group"]["department"]), text(&row["period"])];
        let took = ["count", "mean", "p50", "p90"];
        Figures {
            csat: groups(by_agent, agent, "csat", &["answers", "positive"]),
            first_response: groups(by_month, month, "first_response", &took),
            full_resolution: groups(by_month, month, "full_resolution", &took),
            reopen_rate: groups(by_month, month, "reopen_rate", &["of", "count"]),
        }
    }
}

/// The rows in which a figure counts anything.
fn groups(report: &Value, group: impl Fn(&Value) -> Vec<String>, figure: &str, numbers: &[&str]) -> Groups {
    let row = |row: &Value| {
        let numbers: Vec<_> = numbers.iter().map(|name| row[figure][name].as_f64().unwrap_or_default()).collect();
        (numbers[0] > 0.0).then(|| (group(row), numbers))
    };
    report["rows"].as_array().unwrap().iter().filter_map(row).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
