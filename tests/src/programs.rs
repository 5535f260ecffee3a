//! The programs as their users run them, and the real data they are run on.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Real data that lies beside the project; none: this machine has none, and the test says that it is skipped.
#[must_use]
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: {} is not on this machine", path.display());
    None
}

/// One of the programs, built if need be.
///
/// # Panics
///
/// When it does not build.
#[must_use]
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub fn program(name: &'static str) -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let programs = BUILT.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        // The tests of the programs' own packages need them, and are built as this test was: nothing is built twice.
        let tests = ["--test", "import_cli", "--test", "report_cli"];
        build.args(["test", "--no-run", "--quiet", "--locked", "--workspace"]).args(tests);
        let built = build.current_dir(root()).status().expect("cargo runs");
        assert!(built.success(), "the programs do not build");
        let this = std::env::current_exe().expect("the test has a path");
        this.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").to_path_buf()
    });
    Command::new(programs.join(name))
}

/// Runs a program to its end.
///
/// # Panics
///
/// When it can't be started.
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub fn run(name: &'static str, arguments: &[&str]) -> Output {
    program(name).args(arguments).output().expect("the program starts")
}

/// Runs a program that must succeed, and answers what it printed.
///
/// # Panics
///
/// When it exits with anything but 0, with what it said.
#[must_use]
pub fn printed(name: &'static str, arguments: &[&str]) -> String {
    let output = run(name, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {} {said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A report as JSON.
///
/// # Panics
///
/// When the program fails or prints no JSON.
#[must_use]
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub fn report(name: &str, source: &[&str], flags: &[&str]) -> Value {
    let text = printed("daftar-replay", &[&["report", name, "--output", "json"], source, flags].concat());
    serde_json::from_str(&text).expect("a report is JSON")
}
