//! The steps of `docs/analyst-guide.md` run as they are printed, and their figures are those that plain loops over the
//! events find.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::Timestamp;
use daftar_tests::feed::{answers, is_positive, text};
use daftar_tests::page::{Step, run_programs, steps};
use daftar_tests::programs::{printed, report, root, shared};
use daftar_tests::server::Server;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

const UCI: &str = "uci_incidents_events.ndjson.gz";
const SHOPZILLA: &str = "shopzilla_csat_events.ndjson.gz";
const HALVES: [&str; 3] = ["2016-01-01T00:00:00Z", "2016-07-01T00:00:00Z", "2017-01-01T00:00:00Z"];
const WHAT_IF: &str = "compare satisfaction ";
const LEAST: usize = 20;

/// The steps of a section after the first, which makes the history that they ask; and that one.
fn section(name: &str) -> (Step, Vec<Step>) {
    let page = fs::read_to_string(root().join("docs/analyst-guide.md")).unwrap();
    let mut steps = steps(&page, name);
    (steps.remove(0), steps)
}

/// The answer of the first step whose command has a part.
fn answer_of<'a>(answers: &'a [(Step, String)], part: &str) -> &'a str {
    &answers.iter().find(|(step, _)| step.command.contains(part)).unwrap().1
}

/// The words of each line of the table below a line that begins so, up to the empty line that ends it.
fn table<'a>(answer: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let below = answer.lines().skip_while(|line| !line.starts_with(heading));
    let rows = below.skip_while(|line| !line.starts_with('─')).skip(1).take_while(|line| !line.is_empty());
    rows.map(|row| row.split_whitespace().collect()).collect()
}

/// A number with commas between thousands.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let comma = |(n, digit): (usize, char)| {
        if n > 0 && (digits.len() - n).is_multiple_of(3) { vec![',', digit] } else { vec![digit] }
    };
    digits.chars().enumerate().flat_map(comma).collect()
}

/// The lines of a packed file of events that do not run backwards in time, which history refuses.
fn taken(path: &Path) -> Vec<Value> {
    let lines = BufReader::new(flate2::read::GzDecoder::new(File::open(path).unwrap())).lines();
    let mut last = BTreeMap::<String, String>::new();
    let events = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    // Instants of these files are texts of one form in UTC, which sort as they lie in time.
    let in_time = |event: &Value| {
        let (ticket, at) = (text(event, "ticket").to_owned(), text(event, "occurred_at"));
        let forward = last.get(&ticket).is_none_or(|last| last.as_str() <= at);
        if forward {
            last.insert(ticket, at.to_owned());
        }
        forward
    };
    events.filter(in_time).collect()
}

/// A first response: how many seconds it took, of which ticket.
type Response<'a> = (i64, &'a str);

/// The first responses of each department in each half of 2016, by the department at the response, the longest first.
fn first_responses(events: &[Value]) -> BTreeMap<&str, [Vec<Response<'_>>; 2]> {
    let seconds = |at: &str| Timestamp::parse("occurred_at", at).unwrap().micros() / 1_000_000;
    let (mut open, mut answered) = (BTreeMap::new(), BTreeSet::new());
    let mut responses = BTreeMap::<&str, [Vec<Response<'_>>; 2]>::new();
    for event in events {
        let (ticket, at, sort) = (text(event, "ticket"), text(event, "occurred_at"), text(event, "type"));
        if sort == "ticket_opened" {
            open.insert(ticket, (seconds(at), text(event, "department")));
        } else if sort == "ticket_transferred" && event["department"].is_string() {
            open.get_mut(ticket).unwrap().1 = text(event, "department");
        } else if sort == "reply_posted" && text(&event["author"], "kind") == "agent" && answered.insert(ticket) {
            let (opened, department) = open[ticket];
            let half = (0..2).find(|half| HALVES[*half] <= at && at < HALVES[half + 1]);
            let halves = responses.entry(department).or_default();
            half.into_iter().for_each(|half| halves[half].push((seconds(at) - opened, ticket)));
        }
    }
    responses.values_mut().flatten().for_each(|half| half.sort_unstable_by(|one, other| other.cmp(one)));
    responses
}

/// The 90th percentile, nine tenths of the way from the shortest to the longest, in tenths of seconds.
fn p90(longest_first: &[Response<'_>]) -> i64 {
    let rank = (longest_first.len() - 1) * 9;
    let value = |n: usize| longest_first[longest_first.len() - 1 - n.min(longest_first.len() - 1)].0;
    let (low, high) = (value(rank / 10), value(rank / 10 + 1));
    low * 10 + (high - low) * i64::try_from(rank % 10).unwrap()
}

fn seconds(tenths: i64) -> String {
    let rest = if tenths % 10 == 0 { String::new() } else { format!(".{}", tenths % 10) };
    grouped(tenths / 10) + &rest
}

/// The first question: which department got worse, and the ten tickets behind it.
fn assert_worse_departments(events: &[Value], told: &[(Step, String)]) {
    let mut responses = first_responses(events);
    responses.retain(|_, halves| halves.iter().all(|half| LEAST <= half.len()));
    let mut rows: Vec<_> =
        responses.iter().map(|(name, halves)| (*name, halves.each_ref().map(|half| p90(half)))).collect();
    rows.sort_by_key(|(_, [first, second])| first - second);
    let row = |(name, values): &(&str, [i64; 2])| {
        let [first, second] = values.map(seconds);
        let change = if values[0] < values[1] { "worse" } else { "better" };
        let counts = responses[name].each_ref().map(|half| grouped(i64::try_from(half.len()).unwrap()));
        [(*name).to_owned(), first, second, change.to_owned(), counts[0].clone(), counts[1].clone()]
    };
    let answer = answer_of(told, "compare response-times");
    let shown: Vec<_> = table(answer, "first_response.p90")
        .iter()
        .map(|w| [w[0], w[1], w[2], w[5], w[6], w[7]].map(str::to_owned))
        .collect();
    assert_eq!(shown, rows.iter().map(row).collect::<Vec<_>>());
    assert!(!rows.is_empty() && rows[0].1[0] < rows[0].1[1], "a department got worse");
    let worst = &responses[rows[0].0][1];
    let ten: Vec<_> =
        worst.iter().take(10).map(|(seconds, ticket)| vec![(*ticket).to_owned(), grouped(*seconds)]).collect();
    let shown = table(answer, &format!("first_response.p90 of department {}", rows[0].0));
    let shown: Vec<_> = shown.iter().step_by(2).map(|w| vec![w[0].to_owned(), w[1].to_owned()]).collect();
    assert_eq!(shown, ten);
    let cell = format!("is {} s; measurements: {}\n", seconds(rows[0].1[1]), worst.len());
    assert!(answer_of(told, "explain").contains(&cell), "{cell}");
    let history = format!("history {} ", worst[0].1);
    assert!(answer_of(told, &history).contains(&format!("first_response {} s", grouped(worst[0].0))), "{history}");
}

/// Events as a file of their own.
fn file_of<'a>(events: impl Iterator<Item = &'a Value>) -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".ndjson").unwrap();
    let lines: String = events.map(|event| format!("{event}\n")).collect();
    file.write_all(lines.as_bytes()).unwrap();
    file
}

/// The rows of an overview of a month over these events alone.
fn rows_of(events: &NamedTempFile, month: &[&str]) -> Value {
    report("overview", &["--events", events.path().to_str().unwrap()], month)["rows"].clone()
}

/// The third question: May as of what had happened by June is May over the events up to June alone.
fn assert_may(events: &[Value], incidents: &str) {
    const JUNE: &str = "2016-06-01T00:00:00Z";
    let may = ["--from", "2016-05-01", "--to", "2016-06-01"];
    let happened = file_of(events.iter().filter(|event| text(event, "occurred_at") <= JUNE));
    let asked = [&may[..], &["--happened-by", "2016-06-01"]].concat();
    let told = report("overview", &["--data-dir", incidents], &asked);
    assert_eq!(told["rows"], rows_of(&happened, &may));
}

#[test]
fn the_steps_on_a_real_history_answer_as_printed_and_as_its_events_say() {
    let (import, steps) = section("A real history");
    assert!(steps.len() >= 7, "{} commands", steps.len());
    let Some(file) = shared(&format!("data/{UCI}")) else { return };
    let dir = tempfile::tempdir().unwrap();
    fs::copy(&file, dir.path().join(UCI)).unwrap();
    // It exits with 1, as the page says, because some lines are rejected.
    let import = Step { command: format!("{} || test $? = 1", import.command.trim_end()), ..import };
    let _counts = run_programs(&import, "", dir.path());
    let told: Vec<_> = steps.into_iter().map(|step| (step.clone(), run_programs(&step, "", dir.path()))).collect();
    let events = taken(&file);
    assert_worse_departments(&events, &told);
    assert_may(&events, dir.path().join("incidents").to_str().unwrap());
}

/// How many answers there are, how many are satisfied at 4 of 5, and how many at 3.
fn satisfied(events: &[&Value]) -> [u64; 3] {
    let mut counts = [0; 3];
    for (_, scale, score) in answers(events).into_values() {
        counts[0] += 1;
        counts[1] += u64::from(is_positive(scale, score, 4));
        counts[2] += u64::from(is_positive(scale, score, 3));
    }
    counts
}

/// A share in percent, to six decimals.
#[expect(clippy::cast_precision_loss, reason = "counts of some thousands")]
fn percent(of: u64, count: u64) -> String {
    let six = format!("{:.6}", count as f64 * 100.0 / of as f64);
    six.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The second question: CSAT as it is and as it would be, and how many answers turn.
fn assert_what_if(events: &[&Value], answer: &str) {
    let [all, four, three] = satisfied(events);
    assert!(0 < four && four < three, "some turn");
    let count = grouped(i64::try_from(all).unwrap());
    let rows = table(answer, "csat.percent");
    assert_eq!([rows[0][0], rows[0][1]], [percent(all, four), percent(all, three)]);
    assert_eq!(rows[0][5..], [count.as_str(); 2]);
    assert!(answer.contains(&format!(" of the {} that moved", three - four)), "{answer}");
}

/// The same as a report, quarter by quarter.
fn assert_quarters(events: &[&Value], answer: &str) {
    let mut quarters = BTreeMap::<String, [u64; 2]>::new();
    for (at, scale, score) in answers(events).into_values() {
        let quarter = (at[5..7].parse::<u32>().unwrap() - 1) / 3 + 1;
        let counts = quarters.entry(format!("{}-Q{quarter}", &at[..4])).or_default();
        counts[0] += 1;
        counts[1] += u64::from(is_positive(scale, score, 3));
    }
    let row = |(label, [all, positive]): (&String, &[u64; 2])| {
        [label.clone(), all.to_string(), positive.to_string(), percent(*all, *positive)]
    };
    let shown: Vec<_> =
        table(answer, "satisfaction").iter().map(|w| [w[0], w[1], w[2], w[3]].map(str::to_owned)).collect();
    assert_eq!(shown, quarters.iter().map(row).collect::<Vec<_>>());
}

/// The third question: March as it was known on the first of April is March over what was recorded by then.
fn assert_march(events: &[&Value], server: &Server, told: &[(Step, String)]) {
    let march = ["--from", "2026-03-01", "--to", "2026-04-01"];
    let known: Vec<_> = events.iter().copied().filter(|event| text(event, "recorded_at") < "2026-04-01").collect();
    assert!(known.len() < events.len() - 4, "more than the paper book came later");
    let url = format!("http://{}", server.address());
    let as_known = report("overview", &["--url", &url], &[&march[..], &["--as-of", "2026-04-01"]].concat());
    assert_eq!(as_known["rows"], rows_of(&file_of(known.iter().copied()), &march));
    assert_eq!(as_known["position"], known.len());
    let counts = |events: &[&Value]| {
        let within = |at: &str| ("2026-03-01".."2026-04-01").contains(&at);
        let opened = |event: &&&Value| text(event, "type") == "ticket_opened" && within(text(event, "occurred_at"));
        let answers = answers(events).into_values().filter(|(at, ..)| within(at));
        let (mut all, mut positive) = (0, 0);
        answers.for_each(|(_, scale, score)| {
            all += 1;
            positive += u64::from(is_positive(scale, score, 4));
        });
        (events.iter().filter(opened).count(), all, positive)
    };
    let ((opened, all, positive), now) = (counts(&known), counts(events));
    assert_eq!(now, (opened + 1, all + 1, positive), "the paper book has one bad answer");
    let rows = table(answer_of(told, "--as-of 10814"), "right:");
    assert_eq!(rows[0][..3], ["opened", &opened.to_string(), &now.0.to_string()]);
    assert_eq!(rows[1][2..4], [percent(all, positive), percent(now.1, now.2)]);
    let snapshot = answer_of(told, "snapshot csat.2026-03");
    assert_eq!(
        table(snapshot, "csat.2026-03")[0][1..5],
        ["csat.answers", &all.to_string(), &all.to_string(), &now.1.to_string()]
    );
}

fn feed(server: &Server) -> Vec<Value> {
    let feed = server.get("/v1/events");
    let events = feed.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["ticket"].is_string()).collect()
}

#[test]
fn the_steps_on_a_running_server_answer_as_printed_and_as_its_events_say() {
    let (demo, steps) = section("A running server");
    assert!(steps.len() >= 9, "{} commands", steps.len());
    let arguments: Vec<_> = demo.command.strip_prefix("daftar demo ").unwrap().split_whitespace().collect();
    let (server, dir) = (Server::demo(&arguments), tempfile::tempdir().unwrap());
    let before = feed(&server);
    let run = |step: Step| (step.clone(), run_programs(&step, server.address(), dir.path()));
    let told: Vec<_> = steps.into_iter().map(run).collect();
    let before: Vec<_> = before.iter().collect();
    assert_what_if(&before, answer_of(&told, WHAT_IF));
    assert_quarters(&before, answer_of(&told, "--interval quarter"));
    let after = feed(&server);
    assert_march(&after.iter().collect::<Vec<_>>(), &server, &told);
}

#[test]
fn the_second_question_is_answered_for_real_surveys_too() {
    let Some(file) = shared(&format!("data/{SHOPZILLA}")) else { return };
    let (_, steps) = section("A running server");
    let command = steps.iter().map(|step| &step.command).find(|command| command.contains(WHAT_IF)).unwrap();
    let flags = command.strip_prefix("daftar-replay ").unwrap().replace('\\', " ");
    let flags = flags.replace("--url http://127.0.0.1:7070", &format!("--quiet --events {}", file.display()));
    let answer = printed("daftar-replay", &flags.split_whitespace().collect::<Vec<_>>());
    let events = taken(&file);
    assert_what_if(&events.iter().collect::<Vec<_>>(), &answer);
}
