//! Reports asked while many write: each is, to the byte, the fold of the log up to the position it states, whether its
//! rows were kept or counted for it.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_eventlog::clock::system_clock;
use daftar_eventlog::embedded::{EmbeddedLog, Options};
use daftar_eventlog::sealing::KeyStore;
use daftar_eventlog::{EventLog, LogReader, Position};
use daftar_projections::labels::KeyLabels;
use daftar_projections::measurements::Measurements;
use daftar_projections::projector::catch_up;
use daftar_projections::report::query::Query;
use daftar_projections::report::report;
use daftar_tests::history::{Dice, long};
use daftar_tests::http_client::{Answer, Asked, Client};
use daftar_tests::in_process::{Serving, answered};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const WRITERS: u64 = 64;
const READERS: u64 = 4;

/// Reports, with their parameters.
const REPORTS: [&str; 14] = [
    "overview",
    "cases",
    "leaderboard?at=2100-01-01",
    "satisfaction?at=2100-01-01",
    "backlog?at=2100-01-01&channel=null",
    "satisfaction?department=d-9,d-1&branch=w-1,w-2",
    "flow",
    "flow?group_by=branch",
    "flow?interval=day&group_by=department",
    "satisfaction",
    "satisfaction?group_by=agent",
    "response-times",
    "response-times?group_by=branch&limit=5",
    "response-times?interval=hour&within=30m",
];

/// A report as it was answered.
struct Sample {
    asked: &'static str,
    as_of: Option<u64>,
    position: u64,
    body: Vec<u8>,
}

/// What is asked for, with more parameters.
fn with(report: &str, parameters: &[(&str, String)]) -> Asked {
    let mut path = format!("/v1/reports/{report}");
    for (name, value) in parameters {
        path += if path.contains('?') { "&" } else { "?" };
        path += &format!("{name}={value}");
    }
    Asked::get(path)
}

/// The position that an answer speaks for, the same in its header and in its body.
fn position_of(answer: &Answer) -> u64 {
    let said = answer.json()["position"].as_u64().unwrap();
    assert_eq!(answer.header("daftar-position"), Some(&*said.to_string()));
    said
}

/// Writes tickets from their opening to their second closing, and looks for what it wrote after some of the commands.
fn write(address: SocketAddr, writer: u64, tickets: u64, newest: &AtomicU64) {
    let mut client = Client::connect(address).unwrap();
    let (mut dice, mut counted) = (Dice(writer), [0; 3]);
    let by = |kind: &str| json!({"kind": kind, "id": format!("{kind}-{}", writer % 7)});
    for n in 0..tickets {
        let id = format!("W{writer}-{n}");
        let score = 1 + dice.below(5);
        let opening = json!({
            "ticket": id, "customer": format!("c-{writer}"), "branch": format!("w-{writer}"),
            "department": format!("d-{}", writer % 3),
        });
        let closing = json!({"by": by("agent"), "reason": format!("r-{}", score % 3)});
        let commands = [
            ("", opening, Some(0)),
            ("/replies", json!({"author": by("agent"), "body": "look"}), None),
            ("/replies", json!({"author": by("agent"), "visibility": "internal", "body": "between us"}), None),
            ("/replies/1/rating", json!({"rating": if score > 2 { "satisfied" } else { "dissatisfied" }}), None),
            ("/close", closing.clone(), Some(1)),
            ("/survey", json!({"overall": {"scale": "five", "score": score}, "nps": score * 2}), None),
            ("/follow-ups", json!({"by": by("agent"), "means": "call"}), None),
            ("/replies", json!({"author": {"kind": "customer"}, "reopen": true}), Some(2)),
            ("/transfer", json!({"department": "d-9"}), None),
            ("/close", closing, Some(1)),
        ];
        for (what, body, counts) in commands {
            let path = if what.is_empty() { "/v1/tickets".to_owned() } else { format!("/v1/tickets/{id}{what}") };
            let answer = answered(&mut client, &Asked::post(path, &body));
            assert!(answer.is_done(), "{}", String::from_utf8_lossy(&answer.body));
            counts.into_iter().for_each(|count: usize| counted[count] += 1);
            let position = answer.json()["position"].as_u64().unwrap();
            newest.fetch_max(position, Ordering::Relaxed);
            if dice.below(6) == 0 {
                sees_its_own(&mut client, writer, position, counted);
            }
        }
    }
}

/// Asks for a report that has come to the writer's last command: it counts all that the writer ever did.
fn sees_its_own(client: &mut Client, writer: u64, position: u64, counted: [u64; 3]) {
    let parameters =
        [("branch", format!("w-{writer}")), ("min_position", position.to_string()), ("timeout", "60s".to_owned())];
    let answer = answered(client, &with("flow", &parameters));
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert!(position_of(&answer) >= position);
    let row = &answer.json()["rows"][0];
    assert_eq!([&row["opened"], &row["closed"], &row["reopenings"]], counted.map(|count| json!(count)).each_ref());
}

/// Asks for reports until the writers are done, now as they are, now from a position on, now as of an earlier one.
fn read(address: SocketAddr, reader: u64, newest: &AtomicU64, done: &AtomicBool) -> Vec<Sample> {
    let mut client = Client::connect(address).unwrap();
    let (mut dice, mut samples) = (Dice(1_000 + reader), Vec::new());
    while !done.load(Ordering::Relaxed) || samples.is_empty() {
        let asked = REPORTS[usize::try_from(dice.below(REPORTS.len() as u64)).unwrap()];
        let known = newest.load(Ordering::Relaxed);
        let (mut parameters, mut as_of) = (Vec::new(), None);
        match dice.below(4) {
            0 => parameters.extend([("min_position", known.to_string()), ("timeout", "60s".to_owned())]),
            1 => {
                as_of = Some(dice.below(known + 1));
                parameters.extend(as_of.map(|position| ("as_of", position.to_string())));
            }
            _ => {}
        }
        let answer = answered(&mut client, &with(asked, &parameters));
        assert_eq!(answer.status, 200, "{asked} {parameters:?}: {}", String::from_utf8_lossy(&answer.body));
        let position = position_of(&answer);
        assert!(parameters.first().is_none_or(|(name, _)| *name != "min_position") || position >= known);
        assert!(as_of.is_none_or(|as_of| as_of == position));
        samples.push(Sample { asked, as_of, position, body: answer.body });
    }
    samples
}

/// The answer to a sample's question, from the log alone.
async fn folded(log: &dyn LogReader, sample: &Sample, labels: &KeyLabels) -> Vec<u8> {
    let position = Position(sample.position);
    let mut state = Measurements::default();
    catch_up(log, &mut state, Some(position), |_| ()).await.unwrap();
    let (name, parameters) = sample.asked.split_once('?').unwrap_or((sample.asked, ""));
    let given = parameters.split('&').filter_map(|pair| pair.split_once('='));
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let as_of = sample.as_of.map(|as_of| ("as_of".to_owned(), as_of.to_string()));
    let query = Query::parse(name, given.chain(as_of)).unwrap();
    (report(&state, &query, &Arc::default(), position, labels).unwrap().to_json() + "\n").into_bytes()
}

#[test]
fn every_report_is_the_fold_of_the_log_up_to_the_position_it_states() {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(EmbeddedLog::open(dir.path(), &Options::default()).unwrap());
    let keys = log.keys();
    let shared: Arc<dyn EventLog> = Arc::<EmbeddedLog>::clone(&log);
    let serving = Serving::start(shared, Arc::clone(&keys), system_clock(), 2);
    let (newest, done, address) = (AtomicU64::new(0), AtomicBool::new(false), serving.address);
    let tickets = if long() { 60 } else { 6 };
    let samples: Vec<Sample> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|n| {
                scope.spawn({
                    let (newest, done) = (&newest, &done);
                    move || read(address, n, newest, done)
                })
            })
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| {
                scope.spawn({
                    let newest = &newest;
                    move || write(address, n, tickets, newest)
                })
            })
            .collect();
        let written: Vec<_> = writers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        written.into_iter().for_each(|writer| writer.unwrap());
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    let end = *log.durable().borrow();
    assert_eq!(end.0, WRITERS * tickets * 11, "every event is there, the reopening's two as well");
    let (labels, mut positions) = (KeyLabels(Arc::clone(&keys) as Arc<dyn KeyStore>), BTreeMap::new());
    let checked = samples.len().min(if long() { 1_500 } else { 600 });
    for sample in samples.iter().step_by(samples.len().div_ceil(checked)) {
        let folded = serving.runtime.block_on(folded(&*log, sample, &labels));
        assert_eq!(
            String::from_utf8_lossy(&folded),
            String::from_utf8_lossy(&sample.body),
            "{} at position {}, as of {:?}",
            sample.asked,
            sample.position,
            sample.as_of,
        );
        *positions.entry(sample.position).or_insert(0) += 1;
    }
    println!("{} reports at {} positions of {}", samples.len(), positions.len(), end.0);
    assert!(positions.len() > 20, "reports were asked while others wrote: {positions:?}");
}
