//! The peer of the report benches: DuckDB in a Python process, asked in turns; see `peers/`.

use crate::desk::{Desk, Names};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Names the Python that has what `peers/requirements.txt` lists; `python3` where it is not set.
pub(crate) const PYTHON: &str = "DAFTAR_PYTHON";

/// The count, the sum, the mean, the ends and the percentiles of each group, by the two names of the group.
pub type Groups = BTreeMap<(String, String), Vec<f64>>;

/// DuckDB with a desk's first responses in a sorted table.
pub struct DuckDb {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Its version.
    pub version: String,
}

impl DuckDb {
    /// Starts it and loads the desk's first responses; `month` is the month it is asked about, in seconds since 1970.
    /// `None`, with words on standard error, where there is no Python with DuckDB.
    #[must_use]
    pub fn start(desk: Desk, dir: &Path, month: (i64, i64)) -> Option<Self> {
        let csv = dir.join("first_responses.csv");
        write(desk, &csv);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/duckdb_report.py");
        let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
        let bounds = [month.0, month.1].map(|bound| bound.to_string());
        let mut command = Command::new(&python);
        command.arg(script).arg(csv).args(bounds).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().ok()?;
        let (asked, answers) = child.stdin.take().zip(child.stdout.take())?;
        let mut started = Self { child, asked, answers: BufReader::new(answers), version: String::new() };
        let Some(hello) = started.answer() else {
            eprintln!(
                "no DuckDB to compare with: {python} gave up; {PYTHON} names a Python that has peers/requirements.txt"
            );
            return None;
        };
        started.version = hello["version"].as_str()?.to_owned();
        Some(started)
    }

    /// The seconds that one of its two queries takes, `month` or `all`, its result kept there.
    ///
    /// # Panics
    ///
    /// When it gives up.
    pub fn seconds(&mut self, query: &str) -> f64 {
        self.ask(query).as_f64().unwrap()
    }

    /// The groups of the last result of a query.
    ///
    /// # Panics
    ///
    /// When it gives up.
    pub fn groups(&mut self, query: &str) -> Groups {
        let rows = self.ask(&format!("rows {query}"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let numbers = |values: &[Value]| values.iter().flat_map(numbers_of).collect();
        let row = |row: &Value| {
            let row = row.as_array().unwrap();
            ((text(&row[0]), text(&row[1])), numbers(&row[2..]))
        };
        rows.as_array().unwrap().iter().map(row).collect()
    }

    fn ask(&mut self, question: &str) -> Value {
        writeln!(self.asked, "{question}").unwrap();
        self.answer().unwrap()
    }

    fn answer(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }
}

impl Drop for DuckDb {
    fn drop(&mut self) {
        // Nothing of it is needed any more, nor what it says at its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn numbers_of(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers_of).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn write(desk: Desk, path: &Path) {
    let names = Names::default();
    let mut file = BufWriter::new(std::fs::File::create(path).unwrap());
    writeln!(file, "instant,took,department,agent").unwrap();
    for response in desk.first_responses() {
        let (department, agent) = (names.department(response.department), names.agent(response.agent));
        writeln!(file, "{},{},{department},{agent}", response.at, response.took).unwrap();
    }
    file.flush().unwrap();
}
