//! Pages whose commands run as they are printed, and whose answers are compared with what is shown.

use crate::programs::program;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// Where a page says that the server listens.
const ADDRESS: &str = "127.0.0.1:7070";

/// A command of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The command, for bash.
    pub command: String,
    /// What the page shows of its answer; none: it shows nothing.
    pub shown: Option<String>,
}

/// The commands of a section: each stands in an `sh` block, its answer in the block after it.
///
/// # Panics
///
/// When there is no such section, or an answer stands before every command.
#[must_use]
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub fn steps(page: &str, section: &str) -> Vec<Step> {
    let text = page.split_once(&format!("\n## {section}\n")).expect("the page has the section").1;
    let text = text.split("\n## ").next().unwrap_or_default();
    let mut steps: Vec<Step> = Vec::new();
    for block in text.split("\n```").skip(1).step_by(2) {
        match block.split_once('\n').expect("a block says its language first") {
            ("sh", command) => steps.push(Step { command: command.to_owned(), shown: None }),
            (_, shown) => steps.last_mut().expect("an answer follows its command").shown = Some(shown.to_owned()),
        }
    }
    steps
}

/// Whether curl is there; a machine that checks changes must have it.
///
/// # Panics
///
/// When it is not there and must be.
#[must_use]
pub fn has_curl() -> bool {
    let found = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(found || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the pages need curl");
    if !found {
        println!("SKIPPED: curl is not on this machine");
    }
    found
}

/// Runs a command in a directory, against the server at an address, and compares its answer with what is shown.
///
/// # Panics
///
/// When it fails, asks no server, or answers anything else.
pub fn run(step: &Step, address: &str, dir: &Path) {
    assert!(step.command.contains(ADDRESS), "{}", step.command);
    as_shown(step, bash(&step.command.replace(ADDRESS, address)).current_dir(dir));
}

/// Runs a command in which the programs stand by their names, as [`run`], whether it asks a server or not; answers what it
/// printed.
///
/// # Panics
///
/// When it fails or answers anything else.
#[must_use]
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub fn run_programs(step: &Step, address: &str, dir: &Path) -> String {
    let daftar = program("daftar");
    let programs = Path::new(daftar.get_program()).parent().expect("a program lies in a directory");
    let mut path = OsString::from(programs);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    as_shown(step, bash(&step.command.replace(ADDRESS, address)).env("PATH", path).current_dir(dir))
}

fn bash(command: &str) -> Command {
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", command]);
    bash
}

/// Runs a step, compares its answer with what is shown, and answers it.
#[expect(clippy::expect_used, reason = "a helper of tests")]
fn as_shown(Step { command, shown }: &Step, bash: &mut Command) -> String {
    let output = bash.output().expect("bash runs");
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    let shown = shown.as_deref().unwrap_or_else(|| panic!("no answer is shown to {command}"));
    assert!(is_as_shown(shown, &answer), "{command}\nis shown with\n{shown}\nand answers\n{answer}");
    answer
}

/// Whether an answer is what a page shows: `…` stands for anything, and where a line breaks does not matter.
#[must_use]
pub fn is_as_shown(shown: &str, answer: &str) -> bool {
    let joined = |text: &str| text.lines().map(str::trim).collect::<String>();
    let (shown, answer) = (joined(shown), joined(answer));
    let mut parts: Vec<_> = shown.split('…').collect();
    let last = parts.pop().unwrap_or_default();
    let Some((first, between)) = parts.split_first() else { return answer == last };
    let begun = answer.strip_prefix(first);
    let left = between.iter().try_fold(begun, |left, part| Some(left?.split_once(part).map(|(_, left)| left)));
    left.flatten().is_some_and(|left| left.ends_with(last))
}
