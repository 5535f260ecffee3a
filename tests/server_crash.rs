//! The server killed under load, again and again: what it acknowledged is there, and whoever asks again is answered as
//! before. Told to end, it ends in order.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_tests::history::{Dice, all_events, assert_sound, long, open};
use daftar_tests::http_client::{Answer, Asked, Client, Cut};
use daftar_tests::in_process::answered;
use daftar_tests::served::Served;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

const CLIENTS: u64 = 64;
/// Tickets that all clients write to.
const SHARED: u64 = 4;

/// What came of the load of one client.
#[derive(Default)]
struct Load {
    acknowledged: Vec<(Asked, Answer)>,
    /// The request that never was answered.
    unanswered: Option<Asked>,
    /// Whether an answer was cut off in the middle.
    half: Option<Asked>,
}

/// The nth command of a client: on a ticket of its own, or on one that all write to.
fn command(round: u64, client: u64, n: u64, dice: &mut Dice) -> Asked {
    let key = format!("k-{round}-{client}-{n}");
    let own = format!("T-{round}-{client}-{}", n / 8);
    let shared = format!("S-{}", dice.below(SHARED));
    let agent = json!({"kind": "agent", "id": "sara"});
    let to = |ticket: &str, what: &str, body: Value| Asked::post(format!("/v1/tickets/{ticket}/{what}"), &body);
    let note = json!({"author": agent, "visibility": "internal", "body": key});
    let asked = match n % 8 {
        0 => Asked::post("/v1/tickets", &json!({"ticket": own, "subject": key, "customer": format!("c-{client}")})),
        1 => to(&own, "assign", json!({"agent": format!("a-{client}")})),
        2 => to(&own, "assign", json!({"agent": format!("a-{client}")})),
        3 => to(&own, "close", json!({"by": agent})),
        4 => to(&own, "replies", json!({"author": {"kind": "customer"}, "reopen": true, "body": key})),
        5 => Asked::post("/v1/tickets", &json!({"subject": key})),
        6 => to(&own, "replies", note),
        _ => to(&shared, "replies", note),
    };
    asked.with("Idempotency-Key", &key)
}

/// Sends commands until the connection ends.
fn load(address: SocketAddr, round: u64, client: u64, acknowledged: &AtomicU64) -> Load {
    let mut load = Load::default();
    let Ok(mut connection) = Client::connect(address) else { return load };
    let mut dice = Dice(round * CLIENTS + client);
    for n in 0.. {
        let asked = command(round, client, n, &mut dice);
        match connection.ask(&asked) {
            Ok(answer) if answer.is_done() => {
                load.acknowledged.push((asked, answer));
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => assert!(
                matches!(answer.status, 409 | 503),
                "{asked:?} is answered {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            ),
            Err(Cut::BeforeAnswer(_)) => {
                load.unanswered = Some(asked);
                break;
            }
            Err(Cut::WithinAnswer(_)) => {
                (load.unanswered, load.half) = (Some(asked.clone()), Some(asked));
                break;
            }
        }
    }
    load
}

/// Puts a server under load, ends it once so many commands were acknowledged, and answers what the clients know.
fn under_load(served: Served, round: u64, until: u64, end: impl FnOnce(Served)) -> Vec<Load> {
    let (acknowledged, address) = (AtomicU64::new(0), served.address);
    std::thread::scope(|scope| {
        let acknowledged = &acknowledged;
        let clients: Vec<_> =
            (0..CLIENTS).map(|client| scope.spawn(move || load(address, round, client, acknowledged))).collect();
        while acknowledged.load(Ordering::Relaxed) < until && clients.iter().any(|client| !client.is_finished()) {
            std::thread::yield_now();
        }
        end(served);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

fn open_shared(served: &Served) {
    let mut client = Client::connect(served.address).unwrap();
    for n in 0..SHARED {
        let asked = Asked::post("/v1/tickets", &json!({"ticket": format!("S-{n}")})).with("Idempotency-Key", &n);
        assert!(answered(&mut client, &asked).is_done());
    }
}

/// Every event there is; positions and versions have no gaps.
fn feed(client: &mut Client) -> Vec<Value> {
    let lines = answered(client, &Asked::get("/v1/events")).lines();
    let mut versions: HashMap<String, u64> = HashMap::new();
    for (line, position) in lines.iter().zip(1_u64..) {
        let version = versions.entry(line["ticket"].as_str().unwrap().to_owned()).or_default();
        *version += 1;
        assert_eq!((&line["position"], &line["version"]), (&json!(position), &json!(*version)), "{line}");
    }
    lines
}

/// Looks for the events of an answer among all events.
fn assert_is_there(events: &[Value], (asked, answer): &(Asked, Answer)) {
    let told = answer.json();
    for event in told["events"].as_array().unwrap() {
        let position = usize::try_from(event["position"].as_u64().unwrap()).unwrap();
        assert_eq!(events.get(position - 1), Some(event), "{asked:?} was acknowledged");
    }
}

/// Asks for everything once more; whoever was answered gets the same bytes, and nobody has a second effect.
fn ask_again(client: &mut Client, loads: &[Load]) -> Vec<(Asked, Answer)> {
    let before = feed(client);
    for (asked, answer) in loads.iter().flat_map(|load| &load.acknowledged) {
        let again = answered(client, asked);
        let same =
            (again.status, &again.body, again.header("etag")) == (answer.status, &answer.body, answer.header("etag"));
        assert!(
            same,
            "{asked:?}\nfirst {}\nthen  {}",
            String::from_utf8_lossy(&answer.body),
            String::from_utf8_lossy(&again.body)
        );
    }
    assert_eq!(feed(client).len(), before.len(), "what was acknowledged has no second effect");
    let mut answers = Vec::new();
    for asked in loads.iter().filter_map(|load| load.unanswered.as_ref()) {
        let (first, second) = (answered(client, asked), answered(client, asked));
        assert_eq!((first.status, &first.body), (second.status, &second.body), "{asked:?}");
        if first.is_done() {
            answers.push((asked.clone(), first));
        }
    }
    let after = feed(client);
    let mut seen = HashSet::new();
    for text in after.iter().flat_map(|event| [&event["subject"], &event["body"]]).filter_map(Value::as_str) {
        assert!(seen.insert(text), "{text} had two effects");
    }
    answers.iter().for_each(|answer| assert_is_there(&after, answer));
    let was_there = |(_, answer): &&(Asked, Answer)| answer.json()["position"].as_u64() <= Some(before.len() as u64);
    println!("{} commands were kept and not answered", answers.iter().filter(was_there).count());
    answers
}

/// Once nobody serves it: the log is sound, and has exactly these events.
fn assert_log_is_sound(dir: &Path, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let log = open(dir).unwrap();
    let events = runtime.block_on(all_events(&*log)).unwrap();
    runtime.block_on(assert_sound(&*log, &events));
    assert_eq!(events.len(), count);
}

#[test]
fn what_the_server_acknowledged_survives_every_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice(20_261_122);
    let mut served = Served::start(dir.path());
    open_shared(&served);
    let (mut acknowledged, mut unanswered): (Vec<(Asked, Answer)>, usize) = (Vec::new(), 0);
    for round in 0..if long() { 50 } else { 5 } {
        let loads = under_load(served, round, 100 + dice.below(1_500), Served::kill);
        served = Served::start(dir.path());
        let mut client = Client::connect(served.address).unwrap();
        let events = feed(&mut client);
        acknowledged.extend(loads.iter().flat_map(|load| load.acknowledged.iter().cloned()));
        acknowledged.iter().for_each(|answer| assert_is_there(&events, answer));
        let answers = ask_again(&mut client, &loads);
        unanswered += loads.iter().filter(|load| load.unanswered.is_some()).count();
        println!("round {round}: {} acknowledged, {} answered later", acknowledged.len(), answers.len());
        acknowledged.extend(answers);
    }
    assert!(acknowledged.len() > 500 && unanswered > 0, "the server was killed under load");
    let count = feed(&mut Client::connect(served.address).unwrap()).len();
    served.kill();
    assert_log_is_sound(dir.path(), count);
}

/// How long an orderly end may take: requests under way have ten seconds, and none of these needs them.
const END_MAX: Duration = Duration::from_secs(30);

#[test]
fn a_server_told_to_end_under_load_answers_whole_and_keeps_what_it_answered() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..if long() { 20 } else { 2 } {
        let served = Served::start(dir.path());
        if round == 0 {
            open_shared(&served);
        }
        let (ended, status) = mpsc::channel();
        let loads = under_load(served, round, 300, |served| {
            std::thread::spawn(move || ended.send(served.terminate()));
        });
        let status = status.recv_timeout(END_MAX).unwrap();
        assert!(status.success(), "{status}");
        let half: Vec<_> = loads.iter().filter_map(|load| load.half.as_ref()).collect();
        assert!(half.is_empty(), "answers were cut off: {half:?}");
        let served = Served::start(dir.path());
        let mut client = Client::connect(served.address).unwrap();
        let events = feed(&mut client);
        loads.iter().flat_map(|load| &load.acknowledged).for_each(|answer| assert_is_there(&events, answer));
        ask_again(&mut client, &loads);
    }
}
