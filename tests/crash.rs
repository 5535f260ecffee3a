//! Kill after kill on one directory: whatever was acknowledged is there, exactly where it was said to be.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it fails")]

use daftar_eventlog::checksum::{Digest, chain_next};
use daftar_eventlog::genesis::Genesis;
use daftar_eventlog::{LogReader, Position, RecordedEvent, StreamName};
use daftar_tests::history::{Dice, all_events, assert_sound, known_command, long, numbered_stamp, open};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

/// A writer, killed at the latest when the test lets go of it.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What one acknowledgement said.
#[derive(Debug, Clone)]
struct Acknowledged {
    ticket: String,
    last_version: u32,
    last_position: u64,
    count: u32,
    command: Option<u64>,
}

impl Acknowledged {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.strip_suffix('\n')?.split(' ').collect();
        let ["ack", ticket, version, position, count, command] = words[..] else { return None };
        Some(Self {
            ticket: ticket.to_owned(),
            last_version: version.parse().unwrap(),
            last_position: position.parse().unwrap(),
            count: count.parse().unwrap(),
            command: command.parse().ok(),
        })
    }

    /// Ticket, version and position of each of its events.
    fn events(&self) -> impl Iterator<Item = (&str, u32, u64)> {
        (0..self.count).map(|back| (&*self.ticket, self.last_version - back, self.last_position - u64::from(back)))
    }
}

/// Runs a writer on `dir`, kills it after some time, and answers what it had acknowledged.
fn run_and_kill(dir: &Path, durability: &str, seed: u64, dice: &mut Dice) -> Vec<Acknowledged> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_log_writer"));
    command.arg(dir).args(["many", &seed.to_string(), durability]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut writer = Writer(command.spawn().unwrap());
    let mut out = BufReader::new(writer.0.stdout.take().unwrap());
    let (opened, is_open) = mpsc::channel();
    let reading = std::thread::spawn(move || {
        let (mut lines, mut line) = (Vec::new(), String::new());
        while out.read_line(&mut line).unwrap() > 0 {
            if line == "open\n" {
                let _ = opened.send(());
            }
            lines.extend(Acknowledged::parse(&line));
            line.clear();
        }
        lines
    });
    // Every fifth round is killed while the writer may still be opening the log.
    if !seed.is_multiple_of(5) {
        is_open.recv_timeout(Duration::from_secs(60)).expect("the writer opens the log");
    }
    std::thread::sleep(Duration::from_millis(5 + dice.below(120)));
    drop(writer);
    reading.join().unwrap()
}

/// What earlier rounds have seen of the log: the chain up to where they read it, so that a round reads only on.
struct Checked {
    chain: Digest,
    events: u64,
    versions: HashMap<StreamName, u32>,
}

impl Checked {
    fn nothing_of(log: &dyn LogReader) -> Self {
        let chain = Genesis { identity: log.identity() }.chain();
        Self { chain, events: 0, versions: HashMap::new() }
    }

    /// Takes in the events after those seen, without gaps, and answers where each version of each ticket stands.
    fn take_in(&mut self, events: &[RecordedEvent]) -> HashMap<(String, u32), u64> {
        let mut places = HashMap::new();
        for event in events {
            let head = event.bytes.head().unwrap();
            let version = self.versions.entry(head.stream()).or_default();
            (self.events, *version) = (self.events + 1, *version + 1);
            assert_eq!((event.position.0, head.version.0), (self.events, *version), "no gaps in {}", head.stream_id);
            self.chain = chain_next(&self.chain, &event.bytes.digest(), event.recorded_at);
            places.insert((head.stream_id.to_owned(), head.version.0), event.position.0);
        }
        places
    }
}

/// Opens the log again and looks for what the last round acknowledged, behind what was there before it.
async fn check(dir: &Path, checked: &mut Option<Checked>, fresh: &[Acknowledged]) {
    let log = open(dir).unwrap();
    let checked = checked.get_or_insert_with(|| Checked::nothing_of(&*log));
    let before = (checked.events, checked.chain);
    let events = log.read_events(Position(checked.events), usize::MAX).await.unwrap();
    let places = checked.take_in(&events);
    assert_eq!(log.durable().borrow().0, checked.events);
    assert_chain(&*log, before).await;
    assert_chain(&*log, (checked.events, checked.chain)).await;
    for (ticket, version, position) in fresh.iter().flat_map(Acknowledged::events) {
        let there = places.get(&(ticket.to_owned(), version));
        assert_eq!(there, Some(&position), "{ticket} {version}, acknowledged at {position}");
    }
    for said in fresh {
        if let Some(number) = said.command {
            let first = said.last_position + 1 - u64::from(said.count);
            let (known_first, count) = known_command(&*log, numbered_stamp(number)).await;
            assert_eq!(count, said.count);
            // What a command without events is told is where the next event went.
            assert!(count == 0 || known_first == first, "{said:?}: {known_first}");
        }
    }
    let blobs = std::fs::read_dir(dir.join("log").join("blobs"));
    assert!(blobs.is_err() || blobs.unwrap().next().is_none(), "blobs/ is empty");
}

/// Asserts that the log's facts say of a position what the events said: what lies before it is unchanged.
async fn assert_chain(log: &dyn LogReader, (position, chain): (u64, Digest)) {
    if let Some(block) = log.fact_block(Position(position)).await.unwrap()
        && block.first().0 == position + 1
    {
        assert_eq!(block.origin().chain_before, chain, "the chain at {position}");
    }
    let Some(before) = position.checked_sub(1) else { return };
    if let Some(block) = log.fact_block(Position(before)).await.unwrap()
        && block.last().0 == position
    {
        assert_eq!(block.origin().chain_after, chain, "the chain at {position}");
    }
}

/// Looks at the whole log from its first event, and at everything that was ever acknowledged.
async fn check_all(dir: &Path, acknowledged: &[Acknowledged]) {
    let log = open(dir).unwrap();
    let events = all_events(&*log).await.unwrap();
    assert_sound(&*log, &events).await;
    for (ticket, version, position) in acknowledged.iter().flat_map(Acknowledged::events) {
        let event = usize::try_from(position).ok().and_then(|p| events.get(p - 1));
        let event = event.unwrap_or_else(|| panic!("{ticket} {version}, acknowledged at {position}, is lost"));
        let head = event.bytes.head().unwrap();
        assert_eq!((head.stream_id, head.version.0, event.position.0), (ticket, version, position));
    }
}

/// A process that is being started holds the locks of whoever starts it for a moment: a test that opens a log must not
/// run beside one that starts processes.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Kills writers on one directory again and again, and looks each time for all that was ever acknowledged.
fn survives_kills(durability: &str, rounds: u64) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut dice = Dice(20_261_103);
    let (mut acknowledged, mut checked) = (Vec::new(), None);
    for round in 0..rounds {
        let fresh = run_and_kill(dir.path(), durability, round, &mut dice);
        // Now and then derived files come back from the log alone, with the whole log looked at behind it.
        if round % 10 == 9 {
            std::fs::remove_dir_all(dir.path().join("derived")).unwrap();
        }
        runtime.block_on(check(dir.path(), &mut checked, &fresh));
        acknowledged.extend(fresh);
        if round % 10 == 9 {
            runtime.block_on(check_all(dir.path(), &acknowledged));
            let events = checked.as_ref().map_or(0, |checked| checked.events);
            println!("{durability}, round {round}: {} acknowledged, {events} events in all", acknowledged.len());
        }
    }
    assert!(acknowledged.len() > 100, "the writers got something done");
}

#[test]
fn what_was_acknowledged_survives_every_kill() {
    survives_kills("always", if long() { 300 } else { 100 });
}

#[test]
fn what_was_handed_to_the_system_survives_every_kill_of_the_process() {
    for durability in ["interval:20", "os"] {
        survives_kills(durability, if long() { 50 } else { 8 });
    }
}
