//! A disk that is full: nothing that was answered is lost, reading goes on, and so does writing once there is room, in
//! the same process.
//!
//! The disk is a small one in memory where this process may mount one. Else `strace` lets writes fail, and only what
//! comes before there is room again is shown.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::embedded::EmbeddedLog;
use daftar_eventlog::{AppendError, Commit, EventLog, LogReader, Position, StoreError};
use daftar_tests::history::{all_events, assert_sound, known_command, large_commit, numbered_stamp, open};
use daftar_tests::http_client::{Asked, Client};
use daftar_tests::in_process::answered;
use daftar_tests::served::Served;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const DISK_MB: usize = 24;
/// What is removed to make room: two files, one after the other.
const BALLAST: [usize; 2] = [9 << 20, 2 << 20];
/// How long writing may take to go on once there is room.
const GOES_ON_WITHIN: Duration = Duration::from_secs(10);
/// How long a refusal may take: no append waits for room.
const REFUSED_WITHIN: Duration = Duration::from_millis(500);

/// A process that is being started holds the locks of whoever starts it for a moment: a test that opens a log must not
/// run beside one that starts a server.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A small disk, unmounted when the test lets go of it.
struct Disk {
    at: TempDir,
}

impl Disk {
    /// None: this process may not mount.
    fn mount() -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let size = format!("size={DISK_MB}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at.path()).status();
        if !mounted.is_ok_and(|status| status.success()) {
            println!("SKIPPED: this process may not mount a small disk; tests/durability.rs injects failing writes");
            return None;
        }
        println!("the disk is a tmpfs of {DISK_MB} MB");
        let disk = Self { at };
        (0..BALLAST.len()).for_each(|n| std::fs::write(disk.ballast(n), vec![1; BALLAST[n]]).unwrap());
        Some(disk)
    }

    fn data(&self) -> PathBuf {
        self.at.path().join("data")
    }

    fn ballast(&self, n: usize) -> PathBuf {
        self.at.path().join(format!("ballast-{n}"))
    }

    fn make_room(&self, n: usize) {
        std::fs::remove_file(self.ballast(n)).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, for a process that was just killed may still hold it.
        let _ = Command::new("umount").arg("-l").arg(self.at.path()).status();
    }
}

fn numbered(n: u64) -> Commit {
    let size = [200, 3_000, 30_000][usize::try_from(n % 3).unwrap()];
    large_commit(&format!("T-{n}"), 0, size, Some(numbered_stamp(n)))
}

/// Appends until there is no room; answers the numbers that were acknowledged and where.
async fn fill(log: &EmbeddedLog, from: u64) -> Vec<(u64, Position)> {
    let mut acknowledged = Vec::new();
    for n in from.. {
        match log.append(numbered(n)).await {
            Ok(appended) => acknowledged.push((n, appended.last)),
            Err(AppendError::Store(StoreError::StorageFull { .. })) => break,
            Err(other) => panic!("{n}: {other}"),
        }
    }
    acknowledged
}

/// Asserts that everything acknowledged is where it was said to be, and that the log is sound.
async fn assert_there(log: &EmbeddedLog, acknowledged: &[(u64, Position)]) -> usize {
    let events = all_events(log).await.unwrap();
    assert_sound(log, &events).await;
    for (n, position) in acknowledged {
        let event = events.get(usize::try_from(position.0 - 1).unwrap());
        let event = event.unwrap_or_else(|| panic!("{n}, acknowledged at {position}, is lost"));
        assert_eq!(event.bytes, *numbered(*n).events[0].bytes(), "{n} at {position}");
    }
    events.len()
}

async fn assert_refused_quickly(log: &EmbeddedLog) {
    let asked = Instant::now();
    let refused = log.append(numbered(u64::MAX)).await;
    assert!(matches!(refused, Err(AppendError::Store(StoreError::StorageFull { .. }))), "{refused:?}");
    assert!(asked.elapsed() < REFUSED_WITHIN, "refused after {:?}", asked.elapsed());
}

/// Appends once it can be done again.
async fn append_once_there_is_room(log: &EmbeddedLog, n: u64) -> Position {
    let since = Instant::now();
    loop {
        match log.append(numbered(n)).await {
            Ok(appended) => {
                println!("writing went on after {:?}", since.elapsed());
                return appended.last;
            }
            Err(AppendError::Duplicate { first, .. }) => return first,
            Err(AppendError::Store(StoreError::StorageFull { .. })) => {}
            Err(other) => panic!("{n}: {other}"),
        }
        assert!(since.elapsed() < GOES_ON_WITHIN, "there is room, but writing does not go on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn fill_heal_and_reopen(disk: &Disk) {
    let log = open(&disk.data()).unwrap();
    let mut acknowledged = fill(&log, 0).await;
    println!("{} commits, then: {}", acknowledged.len(), log.stopped().unwrap());
    assert!(acknowledged.len() > 100);
    for _ in 0..10 {
        assert_refused_quickly(&log).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_there(&log, &acknowledged).await;
    let durable = *log.durable().borrow();
    disk.make_room(0);
    let next = acknowledged.len() as u64 + 1;
    acknowledged.push((next, append_once_there_is_room(&log, next).await));
    assert!(log.stopped().is_none() && *log.durable().borrow() > durable);
    acknowledged.extend(fill_some(&log, next + 1).await);
    assert_there(&log, &acknowledged).await;
    // And once more: a log that has stopped ends in order all the same.
    acknowledged.extend(fill(&log, next + 1_000).await);
    let count = assert_there(&log, &acknowledged).await;
    assert_closes(log);
    // Opening needs a little room of its own, and says so.
    assert!(matches!(open(&disk.data()).err(), None | Some(StoreError::StorageFull { .. })));
    disk.make_room(1);
    let log = open(&disk.data()).unwrap();
    assert!(assert_there(&log, &acknowledged).await >= count);
    for (n, position) in &acknowledged {
        assert_eq!(known_command(&*log, numbered_stamp(*n)).await, (position.0, 1));
    }
}

async fn fill_some(log: &EmbeddedLog, from: u64) -> Vec<(u64, Position)> {
    let mut acknowledged = Vec::new();
    for n in from..from + 100 {
        acknowledged.push((n, log.append(numbered(n)).await.unwrap().last));
    }
    acknowledged
}

fn assert_closes(log: Arc<EmbeddedLog>) {
    let since = Instant::now();
    drop(log);
    assert!(since.elapsed() < GOES_ON_WITHIN, "closing took {:?}", since.elapsed());
}

#[test]
fn a_full_disk_heals_without_a_restart() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(disk) = Disk::mount() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(fill_heal_and_reopen(&disk));
}

/// Posts a reply of 20 kB with a key of its own.
fn reply(client: &mut Client, n: usize) -> daftar_tests::http_client::Answer {
    let body = json!({"author": {"kind": "agent", "id": "sara"}, "body": random_text(n)});
    answered(client, &Asked::post("/v1/tickets/T-1/replies", &body).with("Idempotency-Key", &n))
}

/// A text that does not become smaller when it is compressed.
fn random_text(n: usize) -> String {
    let mut dice = daftar_tests::history::Dice(n as u64);
    (0..20_000)
        .map(|_| char::from(b"abcdefghijklmnopqrstuvwxyzABCDEF"[usize::try_from(dice.below(32)).unwrap()]))
        .collect()
}

fn until_full(client: &mut Client) -> usize {
    for n in 0.. {
        let answer = reply(client, n);
        if answer.status == 503 {
            assert_eq!(answer.json()["type"], "/problems/storage-full");
            assert_eq!(answer.header("retry-after"), Some("1"));
            return n;
        }
        assert!(answer.is_done(), "{n}: {}", String::from_utf8_lossy(&answer.body));
    }
    unreachable!("a disk is full at some time")
}

fn assert_reads(client: &mut Client, path: &str) -> serde_json::Value {
    let answer = answered(client, &Asked::get(path));
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

fn post_once_there_is_room(client: &mut Client, n: usize) {
    let since = Instant::now();
    while !reply(client, n).is_done() {
        assert!(since.elapsed() < GOES_ON_WITHIN, "there is room, but writing does not go on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_on_a_full_disk_answers_reports_and_goes_on_once_there_is_room() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(disk) = Disk::mount() else { return };
    let served = Served::start(&disk.data());
    let mut client = Client::connect(served.address).unwrap();
    assert!(answered(&mut client, &Asked::post("/v1/tickets", &json!({"ticket": "T-1", "subject": "s"}))).is_done());
    let full = until_full(&mut client);
    println!("{full} replies found room");
    assert_reads(&mut client, "/v1/reports/volume");
    assert_reads(&mut client, "/v1/tickets/T-1");
    let ready = assert_reads(&mut client, "/readyz");
    assert!(ready["writes"].as_str().is_some_and(|why| why.starts_with("the disk is full")), "{ready}");
    disk.make_room(0);
    post_once_there_is_room(&mut client, full);
    assert_eq!(assert_reads(&mut client, "/readyz")["writes"], serde_json::Value::Null);
    assert!(reply(&mut client, full + 1).is_done());
    served.kill();
    assert_all_there(&disk.data(), full + 3);
}

/// The opening and every reply once, though some were asked for twice.
fn assert_all_there(data: &Path, events: usize) {
    let log = open(data).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let there = runtime.block_on(all_events(&*log)).unwrap();
    runtime.block_on(assert_sound(&*log, &there));
    assert_eq!(there.len(), events);
}
