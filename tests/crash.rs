//! Kill after kill on one directory: whatever was acknowledged is there, exactly where it was said to be.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops where it fails")]

use daftar_tests::history::{Dice, all_events, assert_sound, known_command, long, numbered_stamp, open};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
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
    std::thread::sleep(Duration::from_millis(20 + dice.below(181)));
    drop(writer);
    reading.join().unwrap()
}

/// Opens the log again and looks for everything that was ever acknowledged.
async fn check(dir: &Path, acknowledged: &[Acknowledged], fresh: &[Acknowledged]) -> usize {
    let log = open(dir).unwrap();
    let events = all_events(&*log).await.unwrap();
    assert_sound(&*log, &events).await;
    for (ticket, version, position) in acknowledged.iter().flat_map(Acknowledged::events) {
        let event = usize::try_from(position).ok().and_then(|p| events.get(p - 1));
        let event = event.unwrap_or_else(|| panic!("{ticket} {version}, acknowledged at {position}, is lost"));
        let head = event.bytes.head().unwrap();
        assert_eq!((head.stream_id, head.version.0, event.position.0), (ticket, version, position));
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
    events.len()
}

/// Kills writers on one directory again and again, and looks each time for all that was ever acknowledged.
fn survives_kills(durability: &str, rounds: u64) {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut dice = Dice(20_261_103);
    let mut acknowledged: Vec<Acknowledged> = Vec::new();
    for round in 0..rounds {
        let fresh = run_and_kill(dir.path(), durability, round, &mut dice);
        if round % 4 == 3 {
            std::fs::remove_dir_all(dir.path().join("derived")).unwrap();
        }
        acknowledged.extend(fresh.iter().cloned());
        let events = runtime.block_on(check(dir.path(), &acknowledged, &fresh));
        println!("{durability}, round {round}: {} acknowledged, {events} events in all", fresh.len());
    }
    assert!(acknowledged.len() > 100, "the writers got something done");
}

#[test]
fn what_was_acknowledged_survives_every_kill() {
    survives_kills("always", if long() { 100 } else { 20 });
}

#[test]
fn what_was_handed_to_the_system_survives_every_kill_of_the_process() {
    for durability in ["interval:20", "os"] {
        survives_kills(durability, if long() { 50 } else { 8 });
    }
}
