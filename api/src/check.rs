//! `daftar check`: whether a data directory, or a backup, is what was written; and where not, from where on.

use crate::cli::{CheckArgs, Exit};
use crate::serve::progress_bar;
use daftar_eventlog::backup::{BackupDirectory, BackupError};
use daftar_eventlog::embedded::check::{Checked, check};
use daftar_eventlog::{Position, StoreError};
use indicatif::ProgressBar;
use std::path::Path;
use std::process::ExitCode;

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// Runs the command.
pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    let bar = if args.quiet { ProgressBar::hidden() } else { progress_bar("checking") };
    let shown = bar.clone();
    let checked = match &args.backup {
        Some(dir) => check_backup(dir, |position| shown.set_position(position.0)),
        None => check(&args.data_dir, move |position| shown.set_position(position.0)).map_err(Failure::from),
    };
    bar.finish_and_clear();
    match checked {
        Ok(checked) => told(&checked),
        Err(failure) => {
            eprintln!("daftar: {failure}");
            Exit::CouldNotRun.into()
        }
    }
}

fn told(checked: &Checked) -> ExitCode {
    for finding in &checked.findings {
        println!("{finding}");
    }
    let (good, epoch) = (checked.good, checked.epoch);
    if checked.findings.is_empty() {
        println!("whole: {good} events, epoch {epoch}");
        return Exit::Done.into();
    }
    let wrong = match checked.findings.len() {
        1 => "1 thing is wrong".to_owned(),
        many => format!("{many} things are wrong"),
    };
    println!("{wrong}; the first {good} events are whole, epoch {epoch}");
    Exit::No.into()
}

/// Reads every segment; what is wrong with one is what is wrong with the backup from there on.
fn check_backup(dir: &Path, progress: impl Fn(Position)) -> Result<Checked, Failure> {
    let backup = BackupDirectory::list(dir)?;
    if backup.is_empty() {
        return Err(BackupError::Refused(format!("{} holds no segments: it is no backup", dir.display())).into());
    }
    let mut checked = Checked::default();
    for segment in backup.segments() {
        match segment {
            Ok(segment) => {
                (checked.good, checked.epoch) = (segment.last.position.0, segment.last.epoch);
                progress(segment.last.position);
            }
            Err(failure) => {
                checked.find_in_backup(failure.to_string());
                break;
            }
        }
    }
    Ok(checked)
}
