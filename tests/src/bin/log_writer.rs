//! Appends to an embedded log until it is stopped, and says on its standard output what was acknowledged.
//!
//! `log_writer DIR many SEED` appends with 64 tasks at once, for ever; `log_writer DIR script COUNT` appends a fixed
//! script one commit after the other; `log_writer DIR step COUNT` waits for a line of input after each;
//! `log_writer DIR stubborn COUNT` appends one event after the other and, where it is refused, reads and tries again;
//! `log_writer DIR keys COUNT` appends two commits at once, so often, each for a customer who is new. A further
//! argument is the durability.

use daftar_domain::ids::CustomerId;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::{AppendError, CommandStamp, Commit, EventLog, StoreError};
use daftar_tests::commit;
use daftar_tests::history::{Dice, all_events, large_commit, numbered_stamp, script};
use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const TASKS: u64 = 64;
const TICKETS: u64 = 24;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dir, mode, number, durability @ ..] = &arguments[..] else {
        return Err("use: log_writer DIR many|script|step|stubborn|keys NUMBER [DURABILITY]".into());
    };
    let number: u64 = number.parse()?;
    let durability = durability.first().map(|said| said.parse()).transpose()?.unwrap_or_default();
    let log = Arc::new(EmbeddedLog::open(Path::new(dir), &Options { durability, ..Options::default() })?);
    say("open")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match mode.as_str() {
        "many" => runtime.block_on(many(&log, number)),
        "script" => runtime.block_on(one_by_one(&log, number, false)),
        "step" => runtime.block_on(one_by_one(&log, number, true)),
        "stubborn" => runtime.block_on(stubborn(&log, u32::try_from(number)?)),
        "keys" => runtime.block_on(new_keys(&log, number)),
        other => Err(format!("no such mode: {other}").into()),
    }
}

/// One line in one write, so that a kill leaves at most the last one cut off.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

/// How often a refused append is tried again, and how long is waited in between.
const TRIES: u32 = 12;
const BETWEEN_TRIES: Duration = Duration::from_millis(400);

/// Says `step N POSITION`, or `refused full|failed READ` with how many events could be read then, until it gives up.
async fn stubborn(log: &Arc<EmbeddedLog>, count: u32) -> Outcome {
    let mut tries = 0;
    let mut version = 0;
    while version < count && tries < TRIES {
        let refused = match log.append(commit("stubborn", version, 1, None)).await {
            Ok(appended) => {
                say(&format!("step {version} {}", appended.last))?;
                (version, tries) = (version + 1, 0);
                continue;
            }
            // What was refused did reach the disk, as opening anew has found.
            Err(AppendError::Conflict { actual, .. }) => {
                version = actual.0;
                continue;
            }
            Err(AppendError::Store(StoreError::StorageFull { .. })) => "full",
            Err(_) => "failed",
        };
        let read = all_events(&**log).await?.len();
        say(&format!("refused {refused} {read}"))?;
        tries += 1;
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    Ok(())
}

async fn one_by_one(log: &Arc<EmbeddedLog>, count: u64, step: bool) -> Outcome {
    let mut lines = std::io::stdin().lock().lines();
    for (made, n) in script(count).into_iter().zip(0u64..) {
        if n.is_multiple_of(2) {
            log.keys().customer(&CustomerId::parse("customer", &format!("c-{n}"))?)?;
        }
        match log.append(made).await {
            Ok(appended) => say(&format!("step {n} {}", appended.last))?,
            // A script is begun again where it was stopped.
            Err(AppendError::Conflict { .. } | AppendError::Duplicate { .. }) => continue,
            Err(other) => return Err(other.into()),
        }
        if step {
            lines.next().transpose()?;
        }
    }
    Ok(())
}

async fn new_keys(log: &Arc<EmbeddedLog>, rounds: u64) -> Outcome {
    for round in 0..rounds {
        let pair = [2 * round, 2 * round + 1].map(|n| tokio::spawn(new_key(Arc::clone(log), n)));
        for task in pair {
            task.await??;
        }
    }
    Ok(())
}

async fn new_key(log: Arc<EmbeddedLog>, n: u64) -> Outcome {
    log.keys().customer(&CustomerId::parse("customer", &format!("c-{n}"))?)?;
    log.append(commit(&format!("K-{n}"), 0, 1, None)).await?;
    Ok(say(&format!("key {n}"))?)
}

async fn many(log: &Arc<EmbeddedLog>, seed: u64) -> Outcome {
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(write_for_ever(Arc::clone(log), seed, task))).collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn write_for_ever(log: Arc<EmbeddedLog>, seed: u64, task: u64) -> Outcome {
    let mut dice = Dice(seed * TASKS + task);
    let mut versions = vec![0; usize::try_from(TICKETS)?];
    for n in 0u64.. {
        let ticket = usize::try_from(dice.below(TICKETS))?;
        let number = (seed * TASKS + task) << 32 | n;
        let command = (dice.below(3) == 0).then(|| numbered_stamp(number));
        if dice.below(8) == 0 {
            log.keys().customer(&CustomerId::parse("customer", &format!("c-{seed}-{task}-{n}"))?)?;
        }
        let made = any_commit(&mut dice, &format!("T-{ticket}"), versions[ticket], command);
        let count = u32::try_from(made.events.len())?;
        match log.append(made).await {
            Ok(appended) => {
                versions[ticket] += count;
                acknowledge(ticket, versions[ticket], appended.last.0, count, command.map(|_| number))?;
            }
            Err(AppendError::Conflict { actual, .. }) => versions[ticket] = actual.0,
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

fn any_commit(dice: &mut Dice, ticket: &str, expected: u32, command: Option<CommandStamp>) -> Commit {
    match dice.below(20) {
        0 => large_commit(ticket, expected, 20_000, command),
        1 => large_commit(ticket, expected, 3_000, command),
        2 if command.is_some() => commit(ticket, expected, 0, command),
        3..=6 => commit(ticket, expected, 5, command),
        _ => commit(ticket, expected, 1, command),
    }
}

/// `ack TICKET LAST_VERSION LAST_POSITION COUNT COMMAND`, the command `-` where there is none.
fn acknowledge(ticket: usize, version: u32, position: u64, count: u32, command: Option<u64>) -> std::io::Result<()> {
    let command = command.map_or("-".to_owned(), |number| number.to_string());
    say(&format!("ack T-{ticket} {version} {position} {count} {command}"))
}
