//! The peers of a replay: DuckDB and Polars, each in a fresh Python process that reads the same events; see `peers/`.

use super::Figures;
use crate::duckdb::PYTHON;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Scripts, with the forms of the events that each reads: the exported Parquet, and one of its own.
const PEERS: [(&str, [&str; 2]); 2] = [("duckdb", ["parquet", "table"]), ("polars", ["parquet", "ipc"])];

/// A peer with the form that it reads.
#[derive(Debug)]
pub struct Peer {
    /// Both, and the peer's version.
    pub name: String,
    script: PathBuf,
    form: &'static str,
    dir: PathBuf,
}

impl Peer {
    /// All peers, once each has made its own form of the `events.parquet` in `dir`; none, with words on standard error,
    /// where there is no Python with them.
    #[must_use]
    pub fn all(dir: &Path) -> Vec<Self> {
        PEERS.iter().flat_map(|(peer, forms)| Self::ready(peer, forms, dir)).collect()
    }

    fn ready(peer: &str, forms: &[&'static str], dir: &Path) -> Vec<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("peers/{peer}_replay.py"));
        let Some(loaded) = asked(&script, "load", dir) else {
            eprintln!("no {peer} to compare with: {PYTHON} names a Python that has peers/requirements.txt");
            return Vec::new();
        };
        let version = loaded["version"].as_str().unwrap();
        let of = |form: &&'static str| Self {
            name: format!("{peer} {version} {form}"),
            script: script.clone(),
            form,
            dir: dir.to_owned(),
        };
        forms.iter().map(of).collect()
    }

    /// Runs it: the seconds from connecting or scanning to the result in memory, and the result.
    ///
    /// # Panics
    ///
    /// When it gives up.
    #[must_use]
    pub fn run(&self) -> (f64, Figures) {
        let answer = asked(&self.script, self.form, &self.dir).unwrap();
        (answer["seconds"].as_f64().unwrap(), Figures::from_json(&answer))
    }
}

/// What a script prints.
fn asked(script: &Path, what: &str, dir: &Path) -> Option<Value> {
    let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python).arg(script).arg(what).arg(dir).output().ok()?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    serde_json::from_slice(&output.stdout).ok()
}
