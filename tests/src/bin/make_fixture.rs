//! Makes the data directory that every later build must open, and writes down what this build says of it.
//!
//! Run once for each format version: what it makes is never made again, because keys and ids in it are random.

#![expect(clippy::unwrap_used, reason = "a tool of the tests stops where it fails")]

use daftar_api::commands::{Commands, Request};
use daftar_domain::actor::Actor;
use daftar_domain::ids::{AgentId, CustomerId, TicketId};
use daftar_domain::ticket::{Action, Command, Opening};
use daftar_domain::{Limits, Timestamp};
use daftar_eventlog::clock::Clock;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::import::{self, Import, LineReader};
use daftar_eventlog::vocabulary::{SharedVocabulary, Vocabulary};
use daftar_eventlog::{EventLog, LogReader};
use daftar_tests::fixture::{COMMANDS, folder, pack, said, write_packed};
use daftar_tests::history::{Dice, copy_dir, numbered_stamp};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tickets besides those of the hand-made lines: enough for a block of facts and a part of the next.
const TICKETS: u64 = 700;

fn main() {
    assert!(!folder().exists(), "{} is there, and what is frozen is not made again", folder().display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (whole, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    runtime.block_on(import(whole.path()));
    copy_dir(whole.path(), data.path()).unwrap();
    lose_an_end(&runtime, whole.path(), data.path());
    let log = open(data.path(), true);
    runtime.block_on(command(Arc::new(log)));
    pack(data.path());
    let log = open(data.path(), false);
    let said = runtime.block_on(said(&log, log.keys()));
    write_packed(&folder().join("events.ndjson.zst"), said.lines.as_bytes());
    write_packed(&folder().join("reports.ndjson.zst"), said.reports.as_bytes());
    std::fs::write(folder().join("end"), &said.end).unwrap();
    println!("{}", said.end);
}

/// A clock that a second passes on whenever it is looked at.
fn clock() -> Clock {
    static MICROS: AtomicI64 = AtomicI64::new(1_774_000_000_000_000);
    Arc::new(|| Timestamp::clamped(MICROS.fetch_add(1_000_000, Ordering::Relaxed)))
}

fn open(dir: &Path, accept_truncation: bool) -> EmbeddedLog {
    EmbeddedLog::open(dir, &Options { clock: clock(), accept_truncation, ..Options::default() }).unwrap()
}

async fn import(dir: &Path) {
    let log = open(dir, false);
    let codec = TicketCodec::new(log.keys(), log.identity().log_id);
    let mut import = Import::new(&log, &codec, import::Options { clock: clock(), ..Default::default() }).unwrap();
    for text in [include_str!("../../fixtures/small.ndjson").to_owned(), made_up()] {
        let mut lines = LineReader::new(text.as_bytes(), Limits::default());
        let reject = &mut |reject: import::Reject<'_>| panic!("line {}: {}", reject.line, reject.reason);
        import.record_all(&mut lines, reject).await.unwrap();
    }
    assert!(log.durable().borrow().0 > 4096, "more than a block");
}

/// Makes `copy` a log that ends before what its witness saw, so that opening it begins an epoch.
fn lose_an_end(runtime: &tokio::runtime::Runtime, whole: &Path, copy: &Path) {
    let log = open(whole, false);
    runtime.block_on(log.append(daftar_tests::commit("lost", 0, 3, None))).unwrap();
    drop(log);
    std::fs::copy(whole.join("witness"), copy.join("witness")).unwrap();
}

/// Short lives of tickets, one after the other, a minute between any two events.
fn made_up() -> String {
    let (mut dice, mut text, mut minute) = (Dice(1), String::new(), 0i64);
    for ticket in 0..TICKETS {
        let kinds = [
            format!(
                r#""type":"ticket_opened","branch":"شعبه-{}","department":"d-{}","priority":"{}","customer":"c-{}""#,
                dice.below(4),
                dice.below(3),
                ["low", "normal", "high", "urgent"][usize::try_from(dice.below(4)).unwrap()],
                dice.below(30)
            ),
            format!(r#""type":"ticket_assigned","agent":"agent-{}""#, dice.below(9)),
            r#""type":"ticket_held","waiting_for":"customer""#.to_owned(),
            r#""type":"ticket_resumed""#.to_owned(),
            format!(
                r#""type":"reply_posted","author":{{"kind":"agent","id":"agent-{}"}},"visibility":"public""#,
                dice.below(9)
            ),
            format!(
                r#""type":"ticket_closed","by":{{"kind":"agent","id":"agent-{}"}},"reason":"حل‌شده""#,
                dice.below(9)
            ),
        ];
        for kind in kinds {
            minute += 1;
            let at = Timestamp::clamped(1_740_000_000_000_000 + minute * 60_000_000);
            writeln!(text, r#"{{{kind},"ticket":"F-{ticket}","occurred_at":"{at}"}}"#).unwrap();
        }
    }
    text
}

/// Commands with stamps: an opening, an assignment, the same once more, which changes nothing, and two more.
async fn command(log: Arc<EmbeddedLog>) {
    let codec = TicketCodec::new(log.keys(), log.identity().log_id);
    let vocabulary = SharedVocabulary::new(Vocabulary::of(&*log).await.unwrap());
    let commands = Commands::new(log, codec, vocabulary);
    let opening = Opening {
        customer: Some(CustomerId::known_good("مشتری-۱")),
        subject: Some("موضوع".into()),
        body: Some("متن ".repeat(400)),
        ..Opening::default()
    };
    let sara = || Some(AgentId::known_good("سارا"));
    let actions = [
        Action::Open(Box::new(opening)),
        Action::Assign { agent: sara() },
        Action::Assign { agent: sara() },
        Action::Assign { agent: None },
        Action::Assign { agent: sara() },
    ];
    for (action, number) in actions.into_iter().zip(1..=COMMANDS) {
        let command = Command { by: sara().map(Actor::Agent), cause: None, action };
        let (ticket, stamp) = (TicketId::known_good("تیکت-فرمان"), Some(numbered_stamp(number)));
        let outcome = commands.carry_out(&Request { ticket, command, if_version: None, stamp, now: clock()() }).await;
        assert_eq!(outcome.unwrap().events.len(), usize::from(number != 3), "command {number}");
    }
}
