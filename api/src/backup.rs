//! `daftar backup` and `daftar restore`: the log as segments in a directory, its keys in another, and back.

use crate::cli::{BackupArgs, Exit, RestoreArgs};
use crate::remote;
use crate::serve::{progress_bar, runtime};
use daftar_eventlog::backup::directory::{copy_keys, keys_beside, keys_file, save_keys};
use daftar_eventlog::backup::segment::Segment;
use daftar_eventlog::backup::{BackupDirectory, BackupError, SegmentWriter, read_segment, restore};
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::{LogReader as _, Position, StoreError};
use indicatif::ProgressBar;
use serde_json::json;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use ureq::Agent;

/// Why there is no backup, or nothing was restored; says what to do.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the server at {url}: {why}")]
    Server { url: String, why: String },
    #[error("{0}")]
    Usage(String),
    #[error("the program can't start: {0}")]
    Start(#[from] io::Error),
}

/// What a backup has now.
struct Kept {
    added: usize,
    events: u64,
    position: Position,
}

/// Runs `daftar backup`.
pub(crate) fn backup(args: &BackupArgs) -> ExitCode {
    ended(
        carry_out(args).map(|kept| json!({"segments": kept.added, "events": kept.events, "position": kept.position.0})),
    )
}

/// Runs `daftar restore`.
pub(crate) fn run_restore(args: &RestoreArgs) -> ExitCode {
    ended(put_back(args))
}

fn ended(outcome: Result<serde_json::Value, Failure>) -> ExitCode {
    match outcome {
        Ok(counts) => {
            println!("{counts}");
            Exit::Done
        }
        Err(failure) => {
            eprintln!("daftar: {failure}");
            if matches!(failure, Failure::Usage(_)) { Exit::WrongUsage } else { Exit::CouldNotRun }
        }
    }
    .into()
}

fn carry_out(args: &BackupArgs) -> Result<Kept, Failure> {
    let keys = args.keys.clone().unwrap_or_else(|| keys_beside(&args.dir));
    if std::path::absolute(&keys)?.starts_with(std::path::absolute(&args.dir)?) {
        let words = "keys and segments belong in different places: who has both can read everything";
        return Err(Failure::Usage(format!("--keys {}: {words}", keys.display())));
    }
    let mut backup = BackupDirectory::create_or_open(&args.dir)?;
    let (after, segments) = (backup.after(), backup.len());
    let bar = if args.quiet { ProgressBar::hidden() } else { progress_bar("backing up") };
    match &args.url {
        Some(url) => from_server(url, &mut backup, &keys, &bar)?,
        None => from_directory(&args.data_dir, &mut backup, &keys, &bar)?,
    }
    bar.finish_and_clear();
    let position = backup.after();
    Ok(Kept { added: backup.len() - segments, events: position.0 - after.0, position })
}

/// Backs up a directory that no server has.
fn from_directory(data: &Path, backup: &mut BackupDirectory, keys: &Path, bar: &ProgressBar) -> Result<(), Failure> {
    let log = EmbeddedLog::open(data, &Options { create: false, ..Options::default() })?;
    runtime()?.block_on(async {
        if let Some(last) = backup.last() {
            goes_on(&log, last).await?;
        }
        let mut writer = SegmentWriter::new(&log, backup.after()).await?.with_last(log.last_commands().await?);
        while let Some(segment) = writer.next(&log).await? {
            backup.append(&segment.encode()?)?;
            bar.set_position(backup.after().0);
        }
        Ok::<_, Failure>(())
    })?;
    copy_keys(&*log.keys(), keys)?;
    Ok(())
}

/// Refuses a log whose history is not the one that the backup ends in.
async fn goes_on(log: &EmbeddedLog, last: &Segment) -> Result<(), Failure> {
    let other = |why: String| BackupError::Refused(format!("the backup is of another history: {why}; begin a new one"));
    log.epochs().confirm(&last.last).map_err(|parted| other(parted.to_string()))?;
    let (after, end) = (last.last.position, *log.durable().borrow());
    if after > end {
        return Err(other(format!("it goes on to position {after}, the log only to {end}")).into());
    }
    if log.chain_at(after).await? != last.chain_after {
        return Err(other(format!("the chain at position {after} differs")).into());
    }
    Ok(())
}

/// Backs up through a running server. The keys are read last, so that there are all that the events need.
fn from_server(url: &str, backup: &mut BackupDirectory, keys: &Path, bar: &ProgressBar) -> Result<(), Failure> {
    let (agent, base) = (remote::agent(), url.trim_end_matches('/'));
    let refused = |why: String| Failure::Server { url: url.to_owned(), why };
    let epoch = backup.last().map_or(String::new(), |last| format!("&epoch={}", last.last.epoch_name()));
    let asked = format!("{base}/v1/segments?after={}{epoch}", backup.after().0);
    let mut body = remote::get(&agent, &asked).map_err(refused)?.into_body().into_reader();
    while let Some(bytes) = read_segment(&mut body).map_err(|e| refused(e.to_string()))? {
        backup.append(&bytes)?;
        bar.set_position(backup.after().0);
    }
    keys_from_server(&agent, base, keys).map_err(|e| match e {
        Failure::Server { why, .. } => refused(why),
        other => other,
    })
}

fn keys_from_server(agent: &Agent, base: &str, keys: &Path) -> Result<(), Failure> {
    let refused = |why: String| Failure::Server { url: base.to_owned(), why };
    let slots = remote::get(agent, &format!("{base}/v1/sealing-keys")).map_err(refused)?;
    let mut slots = slots.into_body().into_reader();
    save_keys(keys, |file| io::copy(&mut slots, file).map(drop))?;
    Ok(())
}

fn put_back(args: &RestoreArgs) -> Result<serde_json::Value, Failure> {
    let keys = args.keys.clone().unwrap_or_else(|| keys_beside(&args.dir));
    if !keys_file(&keys).exists() {
        let words = "without them nothing sealed can be read; say with --keys where they are";
        return Err(Failure::Usage(format!("{} holds no keys: {words}", keys.display())));
    }
    let backup = BackupDirectory::list(&args.dir)?;
    let bar = if args.quiet { ProgressBar::hidden() } else { progress_bar("restoring") };
    let until = args.to_position.map(Position);
    let restored = restore(&backup, &keys, &args.data_dir, until, |position| bar.set_position(position.0));
    let restored = runtime()?.block_on(restored)?;
    bar.finish_and_clear();
    eprintln!(
        "daftar: epoch {} begins after position {}: cursors and positions beyond it are of the log that was backed up",
        restored.end.epoch, restored.parted
    );
    Ok(json!({
        "position": restored.end.position.0, "parted": restored.parted.0, "epoch": restored.end.epoch_name(),
    }))
}
