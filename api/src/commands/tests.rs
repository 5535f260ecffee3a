//! Commands, on logs that fail, wait and are written to by others.

use super::*;
use crate::hot_tickets::{HotTickets, Known};
use daftar_domain::ids::BranchId;
use daftar_domain::ticket::{Action, Change, RejectionKind};
use daftar_eventlog::clock::Clock;
use daftar_eventlog::memory::MemoryLog;
use daftar_eventlog::ndjson::{Wish, parse_command};
use daftar_eventlog::sealing::memory_keys::MemoryKeys;
use daftar_eventlog::{Epochs, FactBlock, LogIdentity, LogReader, RecordedEvent};
use futures_util::future::join_all;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::{Notify, watch};

/// A log that does to appends and reads what it is told to, one trick each.
struct TrickyLog {
    inner: Arc<MemoryLog>,
    on_append: Mutex<VecDeque<Trick>>,
    on_read: Mutex<VecDeque<Arc<Hold>>>,
}

enum Trick {
    /// Fails before anything is stored.
    Fails,
    /// Stores, and fails all the same.
    AnswerLost,
    /// Stores, says so at a place, and never answers.
    Silent(Arc<Hold>),
    /// Waits at a place.
    Waits(Arc<Hold>),
    /// Lets somebody else write first.
    Overtaken(Box<Request>),
}

/// A place where somebody waits until they are let go.
#[derive(Default)]
struct Hold {
    reached: Notify,
    go: Notify,
}

impl Hold {
    async fn wait(&self) {
        self.reached.notify_one();
        self.go.notified().await;
    }
}

fn broken() -> StoreError {
    StoreError::failed("appending", "the disk is gone")
}

#[async_trait::async_trait]
impl LogReader for TrickyLog {
    fn identity(&self) -> LogIdentity {
        self.inner.identity()
    }

    fn epochs(&self) -> Epochs {
        self.inner.epochs()
    }

    fn durable(&self) -> watch::Receiver<Position> {
        self.inner.durable()
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let hold = self.on_read.lock().unwrap().pop_front();
        if let Some(hold) = hold {
            hold.wait().await;
        }
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_events(&self, after: Position, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        self.inner.read_events(after, limit).await
    }

    async fn fact_block(&self, after: Position) -> Result<Option<FactBlock>, StoreError> {
        self.inner.fact_block(after).await
    }
}

#[async_trait::async_trait]
impl EventLog for TrickyLog {
    async fn append(&self, commit: Commit) -> Result<Appended, AppendError> {
        let trick = self.on_append.lock().unwrap().pop_front();
        match trick {
            None => self.inner.append(commit).await,
            Some(Trick::Fails) => Err(broken().into()),
            Some(Trick::AnswerLost) => self.inner.append(commit).await.and(Err(broken().into())),
            Some(Trick::Silent(hold)) => {
                self.inner.append(commit).await?;
                hold.wait().await;
                Err(broken().into())
            }
            Some(Trick::Waits(hold)) => {
                hold.wait().await;
                self.inner.append(commit).await
            }
            Some(Trick::Overtaken(rival)) => {
                rival_append(&self.inner, &rival, commit.expected).await;
                self.inner.append(commit).await
            }
        }
    }

    fn knows_command(&self, id: &[u8; 16]) -> bool {
        self.inner.knows_command(id)
    }
}

/// Appends what a request wishes behind `expected`, without any state: nobody's cache knows of it.
async fn rival_append(log: &Arc<MemoryLog>, request: &Request, expected: Version) {
    let codec = TicketCodec::new(Arc::new(MemoryKeys::new().unwrap()), log.identity().log_id);
    let Action::Assign { agent } = request.command.action.clone() else { panic!("rivals assign") };
    let kind = EventKind::TicketAssigned { agent };
    let event = Event { occurred_at: request.now, by: None, cause: None, kind };
    let sealed =
        codec.encode(&request.ticket, Pseudonym([0; 16]), expected.next(), &event, &Origin::default()).unwrap();
    let stream = StreamName::ticket(request.ticket.as_str());
    log.append(Commit { stream, expected, events: vec![sealed], command: None, recorded_at: None }).await.unwrap();
}

/// A log, its clock and its keys, and commands on it.
struct Bed {
    log: Arc<TrickyLog>,
    clock: Arc<AtomicI64>,
    codec: TicketCodec,
    vocabulary: SharedVocabulary,
    commands: Arc<Commands>,
}

impl Bed {
    fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(0));
        let told = Arc::clone(&clock);
        let log_clock: Clock = Arc::new(move || Timestamp::clamped(told.load(Ordering::Relaxed)));
        let inner = Arc::new(MemoryLog::new(log_clock).unwrap());
        let log = Arc::new(TrickyLog { inner, on_append: Mutex::default(), on_read: Mutex::default() });
        let codec = TicketCodec::new(Arc::new(MemoryKeys::new().unwrap()), log.identity().log_id);
        let vocabulary = SharedVocabulary::default();
        let commands = commands_on(&log, &codec, &vocabulary);
        Self { log, clock, codec, vocabulary, commands }
    }

    /// Commands that know nothing yet: after a restart, or in another process.
    fn others(&self) -> Arc<Commands> {
        commands_on(&self.log, &self.codec, &self.vocabulary)
    }

    fn on_next_append(&self, trick: Trick) {
        self.log.on_append.lock().unwrap().push_back(trick);
    }

    async fn carry_out(&self, request: &Request) -> Result<Outcome, CommandError> {
        self.commands.carry_out(request).await
    }

    async fn lines(&self) -> Vec<Line> {
        let events = self.log.read_events(Position::ZERO, usize::MAX).await.unwrap();
        events.iter().map(|event| line_of(&self.codec, event).unwrap()).collect()
    }

    /// Asserts that what commands are decided on is what the log says.
    async fn assert_cache_is_log(&self, why: &str) {
        self.assert_cached(&ticket("T-1"), why).await;
    }

    async fn assert_cached(&self, id: &TicketId, why: &str) {
        let stored = self.others().load(id).await.unwrap();
        let hot = self.commands.hot.with(id, Known::clone);
        if let Some(hot) = hot {
            assert_eq!((hot.ticket, hot.owner), (stored.ticket, stored.owner), "{why}");
        }
    }
}

fn commands_on(log: &Arc<TrickyLog>, codec: &TicketCodec, vocabulary: &SharedVocabulary) -> Arc<Commands> {
    Arc::new(Commands::new(Arc::<TrickyLog>::clone(log), codec.clone(), vocabulary.clone()))
}

fn ticket(id: &str) -> TicketId {
    TicketId::parse("ticket", id).unwrap()
}

fn request(wish: Wish, body: &str) -> Request {
    let command = parse_command(body.as_bytes(), wish).unwrap().command;
    Request { ticket: ticket("T-1"), command, if_version: None, stamp: None, now: Timestamp::clamped(1_000_000) }
}

fn stamped(number: u8, request: Request) -> Request {
    Request { stamp: Some(CommandStamp { id: [number; 16], digest: [number; 16] }), ..request }
}

fn opening() -> Request {
    request(Wish::Open, r#"{"customer":"c-1","branch":"tehran","subject":"سلام","tags":["a"]}"#)
}

fn assigning(agent: &str) -> Request {
    request(Wish::Assign, &format!(r#"{{"agent":"{agent}"}}"#))
}

fn closing() -> Request {
    request(Wish::Close, r#"{"by":{"kind":"agent","id":"sara"},"reason":"solved"}"#)
}

fn reopening_reply() -> Request {
    request(Wish::Reply, r#"{"author":{"kind":"customer"},"body":"not yet","reopen":true}"#)
}

/// Commands of every sort, each of which does something, and three that change nothing.
fn script() -> Vec<Request> {
    vec![
        opening(),
        assigning("sara"),
        assigning("sara"),
        request(Wish::Transfer, r#"{"department":"billing","branch":null}"#),
        request(Wish::ChangePriority, r#"{"priority":"high"}"#),
        request(Wish::ChangeTags, r#"{"added":["b"],"removed":["a"]}"#),
        request(Wish::Reply, r#"{"author":{"kind":"agent","id":"sara"},"body":"look","channel":"web"}"#),
        request(Wish::RateReply(1), r#"{"rating":"satisfied","by":{"kind":"customer"}}"#),
        request(Wish::Hold, r#"{"waiting_for":"customer"}"#),
        request(Wish::Reply, r#"{"author":{"kind":"customer","id":"c-2"},"body":"thanks"}"#),
        request(Wish::Resume, ""),
        closing(),
        request(Wish::SubmitSurvey, r#"{"overall":{"scale":"five","score":4},"nps":9,"comment":"fine"}"#),
        reopening_reply(),
        request(Wish::Reply, r#"{"author":{"kind":"agent","id":"sara"},"visibility":"internal","body":"hm"}"#),
        request(Wish::Close, r#"{"by":{"kind":"automation"},"form":"default@1","survey_offered":false}"#),
        request(Wish::Reopen, r#"{"by":{"kind":"customer"},"reason":"not_solved"}"#),
        request(Wish::Void, r#"{"reason":"spam"}"#),
        request(Wish::Void, r#"{"reason":"spam"}"#),
        request(Wish::Restore, ""),
        request(Wish::RecordFollowUp, r#"{"by":{"kind":"agent","id":"sara"},"means":"call","note":"went well"}"#),
    ]
}

/// Two threads, since commands meet each other in them.
fn run<F: Future>(test: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap().block_on(test)
}

/// Carries the script out, the step at `position` meeting `trick`, and answers the log.
async fn with_failure(position: usize, trick: Trick, with_stamps: bool) -> Vec<Line> {
    let bed = Bed::new();
    let lost = matches!(trick, Trick::AnswerLost);
    let mut trick = Some(trick);
    for (step, number) in script().into_iter().zip(1..) {
        let step = if with_stamps { stamped(number, step) } else { step };
        let at = usize::from(number) - 1;
        let why = format!("step {at}, failure at {position}, lost {lost}, stamps {with_stamps}");
        trick.take_if(|_| at == position).into_iter().for_each(|trick| bed.on_next_append(trick));
        let before = bed.lines().await.len();
        let outcome = bed.carry_out(&step).await;
        // What changes nothing and has no stamp appends nothing.
        let met = at == position && bed.log.on_append.lock().unwrap().drain(..).next().is_none();
        bed.assert_cache_is_log(&why).await;
        match outcome {
            Ok(outcome) if !met => assert_eq!(outcome.version.0 as usize, bed.lines().await.len(), "{why}"),
            Err(CommandError::Store(_)) if met => {
                let stored = bed.lines().await;
                assert!(lost || stored.len() == before, "{why}");
                if with_stamps || !lost {
                    let again = bed.carry_out(&step).await.unwrap();
                    let after = bed.lines().await;
                    assert_eq!(again.events, after[before..], "{why}");
                    assert_eq!(
                        (u64::from(again.version.0), again.position.0),
                        (after.len() as u64, after.len() as u64),
                        "{why}"
                    );
                    assert!(!lost || after == stored, "{why}");
                }
            }
            other => panic!("{why}: {other:?}"),
        }
        bed.assert_cache_is_log(&why).await;
    }
    bed.lines().await
}

fn without_log_id(lines: Vec<Line>) -> Vec<Line> {
    lines.into_iter().map(|line| Line { event_id: None, ..line }).collect()
}

#[test]
fn a_failure_at_any_step_leaves_memory_and_log_equal_and_nothing_twice() {
    run(async {
        let undisturbed = without_log_id(with_failure(usize::MAX, Trick::Fails, false).await);
        assert_eq!(undisturbed.len(), script().len() - 3 + 2, "three steps change nothing, one reopens and replies");
        for position in 0..script().len() {
            for with_stamps in [false, true] {
                for trick in [Trick::Fails, Trick::AnswerLost] {
                    let lines = without_log_id(with_failure(position, trick, with_stamps).await);
                    assert_eq!(lines, undisturbed, "{position} {with_stamps}");
                }
            }
        }
    });
}

/// Tickets to be written to: never opened, open, assigned to sara, closed.
async fn prepared(bed: &Bed, steps: &[Request]) {
    for step in steps {
        bed.carry_out(step).await.unwrap();
    }
}

/// Commands, each with what must have happened before it: one event, none, two, and such as can't be done twice.
fn keyed_commands() -> Vec<(Vec<Request>, Request)> {
    let conditional = |version, request: Request| Request { if_version: Some(version), ..request };
    vec![
        (vec![], opening()),
        (vec![opening()], assigning("sara")),
        (vec![opening(), assigning("sara")], assigning("sara")),
        (vec![opening()], closing()),
        (vec![opening(), closing()], reopening_reply()),
        (vec![opening()], conditional(1, assigning("reza"))),
        (vec![opening()], conditional(1, request(Wish::Reply, r#"{"author":{"kind":"agent","id":"sara"}}"#))),
        (vec![opening(), assigning("sara")], conditional(2, assigning("sara"))),
    ]
}

#[test]
fn equal_requests_that_are_appended_at_once_have_one_effect_and_one_answer() {
    run(async {
        for (case, (before, wanted)) in keyed_commands().into_iter().enumerate() {
            let bed = Bed::new();
            prepared(&bed, &before).await;
            let count = bed.lines().await.len();
            let holds = [Arc::new(Hold::default()), Arc::new(Hold::default())];
            holds.iter().for_each(|hold| bed.on_next_append(Trick::Waits(Arc::clone(hold))));
            let wanted = stamped(9, wanted);
            let both = join_all([bed.carry_out(&wanted), bed.carry_out(&wanted)]);
            let let_go = async {
                for hold in &holds {
                    hold.reached.notified().await;
                }
                holds.iter().for_each(|hold| hold.go.notify_one());
            };
            let (answers, ()) = tokio::join!(both, let_go);
            let [first, second] = answers.try_into().unwrap();
            let first = first.unwrap();
            assert_eq!(first, second.unwrap(), "case {case}");
            assert_eq!(first.events, bed.lines().await[count..], "case {case}");
            bed.assert_cache_is_log(&format!("case {case}")).await;
        }
    });
}

#[test]
fn an_equal_request_that_reads_the_ticket_after_the_first_is_done_gets_its_answer() {
    run(async {
        for (case, (before, wanted)) in keyed_commands().into_iter().enumerate() {
            let bed = Bed::new();
            prepared(&bed, &before).await;
            let count = bed.lines().await.len();
            let (wanted, hold) = (stamped(9, wanted), Arc::new(Hold::default()));
            bed.log.on_read.lock().unwrap().push_back(Arc::clone(&hold));
            // A process that knows nothing has looked for the key already when it comes to read the ticket.
            let others = bed.others();
            let (late, first) = tokio::join!(others.carry_out(&wanted), async {
                hold.reached.notified().await;
                let first = bed.carry_out(&wanted).await;
                hold.go.notify_one();
                first
            });
            let first = first.unwrap();
            assert_eq!(first, late.unwrap(), "case {case}");
            assert_eq!(first.events, bed.lines().await[count..], "case {case}");
        }
    });
}

#[test]
fn what_rests_on_a_ticket_that_somebody_else_moved_on_is_decided_again() {
    run(async {
        let bed = Bed::new();
        prepared(&bed, &[opening(), assigning("sara")]).await;
        let others = bed.others();
        let hot = || bed.commands.hot.with(&ticket("T-1"), |known| known.ticket.version);
        // Granted on the old ticket: conflicts, and goes through on the new one.
        others.carry_out(&request(Wish::ChangePriority, r#"{"priority":"high"}"#)).await.unwrap();
        assert_eq!(hot(), Some(2));
        let assigned = bed.carry_out(&assigning("reza")).await.unwrap();
        assert_eq!((assigned.version, hot()), (Version(4), Some(4)));
        // Changes nothing on the old ticket, something on the new one.
        others.carry_out(&assigning("sara")).await.unwrap();
        let assigned = bed.carry_out(&assigning("reza")).await.unwrap();
        assert_eq!((assigned.version, assigned.events.len()), (Version(6), 1));
        // Granted on the old ticket, changes nothing on the new one.
        others.carry_out(&assigning("mina")).await.unwrap();
        let assigned = bed.carry_out(&assigning("mina")).await.unwrap();
        assert_eq!((assigned.version, assigned.events.len()), (Version(7), 0));
        // Refused on the old ticket, granted on the new one.
        prepared(&bed, &[closing()]).await;
        others.carry_out(&request(Wish::Reopen, r#"{"by":{"kind":"agent","id":"sara"}}"#)).await.unwrap();
        assert_eq!(bed.carry_out(&closing()).await.unwrap().version, Version(10));
        // Granted on the old ticket, refused on the new one.
        others.carry_out(&reopening_reply()).await.unwrap();
        let refused = bed.carry_out(&request(Wish::Reopen, r#"{"by":{"kind":"customer"}}"#)).await.unwrap_err();
        assert!(matches!(refused, CommandError::Rejected(Rejection::NotClosed)), "{refused}");
        // Of the version asked for on the old ticket, and not on the new one; and the other way round.
        others.carry_out(&assigning("nobody")).await.unwrap();
        let on_version = |version| Request { if_version: Some(version), ..assigning("sara") };
        let stale = bed.carry_out(&on_version(12)).await.unwrap_err();
        assert!(matches!(stale, CommandError::StaleVersion { expected: 12, actual: 13 }), "{stale}");
        prepared(&bed, &[assigning("reza")]).await;
        others.carry_out(&assigning("mina")).await.unwrap();
        assert_eq!(bed.carry_out(&on_version(15)).await.unwrap().version, Version(16));
        bed.assert_cache_is_log("at the end").await;
    });
}

#[test]
fn somebody_overtaken_again_and_again_goes_through_up_to_a_bound() {
    run(async {
        let overtaken = async |times: usize| {
            let bed = Bed::new();
            prepared(&bed, &[opening()]).await;
            for n in 0..times {
                bed.on_next_append(Trick::Overtaken(Box::new(assigning(&format!("rival-{n}")))));
            }
            let outcome = bed.carry_out(&stamped(1, closing())).await;
            bed.assert_cache_is_log("overtaken").await;
            bed.log.on_append.lock().unwrap().clear();
            let next = bed.carry_out(&stamped(1, closing())).await.unwrap();
            assert_eq!(next.version.0, u32::try_from(bed.lines().await.len()).unwrap());
            (outcome, bed.lines().await.len())
        };
        let (outcome, count) = overtaken(ATTEMPTS_MAX - 1).await;
        assert_eq!((outcome.unwrap().version.0 as usize, count), (ATTEMPTS_MAX + 1, ATTEMPTS_MAX + 1));
        let (outcome, count) = overtaken(ATTEMPTS_MAX).await;
        assert!(matches!(outcome, Err(CommandError::Contended)), "{outcome:?}");
        assert_eq!(count, ATTEMPTS_MAX + 2);
    });
}

#[test]
fn a_request_given_up_while_the_log_stores_it_is_known_to_its_retry() {
    run(async {
        let bed = Bed::new();
        prepared(&bed, &[opening(), assigning("sara")]).await;
        let hold = Arc::new(Hold::default());
        bed.on_next_append(Trick::Silent(Arc::clone(&hold)));
        let (commands, wanted) = (Arc::clone(&bed.commands), stamped(1, closing()));
        let given_up = tokio::spawn(async move { commands.carry_out(&wanted).await });
        hold.reached.notified().await;
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        assert_eq!(bed.carry_out(&stamped(1, closing())).await.unwrap().version, Version(3));
        assert_eq!(bed.carry_out(&reopening_reply()).await.unwrap().version, Version(5));
        bed.assert_cache_is_log("given up").await;
    });
}

/// Commands from many tasks on few tickets, in a memory that holds fewer still.
#[test]
fn many_at_once_on_few_tickets_leave_what_they_were_answered() {
    let (few, tasks, each) = (4_u64, 8_u64, 60_u64);
    run(async {
        let mut bed = Bed::new();
        let hot = HotTickets::holding(2);
        let new = Commands::new(Arc::<TrickyLog>::clone(&bed.log), bed.codec.clone(), bed.vocabulary.clone());
        bed.commands = Arc::new(Commands { hot, ..new });
        let tasks = (0..tasks).map(|task| {
            let commands = Arc::clone(&bed.commands);
            tokio::spawn(async move {
                let mut answered = Vec::new();
                for n in 0..each {
                    let wanted = script().swap_remove(usize::try_from((task * 5 + n * 7) % 21).unwrap());
                    let id = ticket(&format!("T-{}", (task + n) % few));
                    match commands.carry_out(&Request { ticket: id, ..wanted }).await {
                        Ok(outcome) => answered.extend(outcome.events),
                        Err(refused) => assert!(matches!(refused, CommandError::Rejected(_)), "{refused}"),
                    }
                    tokio::task::yield_now().await;
                }
                answered
            })
        });
        let mut answered: Vec<_> = join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
        answered.sort_by_key(|line| line.position);
        assert_eq!(answered, bed.lines().await);
        for n in 0..few {
            bed.assert_cached(&ticket(&format!("T-{n}")), "many at once").await;
        }
    });
}

#[test]
fn a_retry_gets_the_first_answer_whatever_the_ticket_is_now() {
    run(async {
        let bed = Bed::new();
        let mut answered = Vec::new();
        for (step, number) in script().into_iter().zip(1..) {
            let step = stamped(number, step);
            bed.clock.fetch_add(1_000_000, Ordering::Relaxed);
            let outcome = bed.carry_out(&step).await.unwrap();
            answered.push((step, outcome));
            // A command on another ticket stands between any two.
            let elsewhere = Request { ticket: ticket(&format!("T-{}", 100 + u32::from(number))), ..opening() };
            bed.carry_out(&elsewhere).await.unwrap();
        }
        let counts: Vec<_> = answered.iter().map(|(_, outcome)| outcome.events.len()).collect();
        assert!(counts.contains(&0) && counts.contains(&2), "{counts:?}");
        let end = bed.lines().await.len();
        let restarted = bed.others();
        for (step, outcome) in &answered {
            assert_eq!(&bed.carry_out(step).await.unwrap(), outcome);
            assert_eq!(&restarted.carry_out(step).await.unwrap(), outcome);
            let stale = Request { if_version: Some(0), now: Timestamp::clamped(0), ..step.clone() };
            assert_eq!(&restarted.carry_out(&stale).await.unwrap(), outcome, "a condition is of the first time");
            let stamp = step.stamp.map(|stamp| CommandStamp { digest: [0xff; 16], ..stamp });
            let other = bed.carry_out(&Request { stamp, ..step.clone() }).await;
            assert!(matches!(other, Err(CommandError::KeyReused)), "{other:?}");
        }
        assert_eq!(bed.lines().await.len(), end);
    });
}

#[test]
fn what_was_refused_is_decided_anew_when_it_comes_again() {
    run(async {
        let bed = Bed::new();
        let refused = bed.carry_out(&stamped(1, closing())).await.unwrap_err();
        assert!(matches!(&refused, CommandError::Rejected(r) if r.kind() == RejectionKind::UnknownTicket), "{refused}");
        prepared(&bed, &[opening()]).await;
        assert_eq!(bed.carry_out(&stamped(1, closing())).await.unwrap().version, Version(2));
    });
}

fn fill_branches(vocabulary: &SharedVocabulary, count: usize) {
    let mut vocabulary = vocabulary.lock();
    for n in 0..count {
        let branch = Change::Set(BranchId::known_good(&format!("b-{n}")));
        vocabulary.add(&EventKind::TicketTransferred { branch, department: Change::Keep });
    }
}

#[test]
fn one_branch_more_than_there_may_be_is_refused_by_name() {
    run(async {
        let bed = Bed::new();
        fill_branches(&bed.vocabulary, 65_534);
        let opened = |n: usize| Request {
            ticket: ticket(&format!("T-{n}")),
            ..request(Wish::Open, &format!(r#"{{"branch":"new-{n}"}}"#))
        };
        let at_once = (0..16).map(|n| {
            let (commands, request) = (Arc::clone(&bed.commands), opened(n));
            tokio::spawn(async move { commands.carry_out(&request).await })
        });
        let outcomes: Vec<_> = join_all(at_once).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "the last place is taken once");
        for refused in outcomes.into_iter().filter_map(Result::err) {
            let CommandError::Invalid(wrong) = &refused else { panic!("{refused}") };
            assert_eq!((wrong.len(), wrong[0].field.as_str()), (1, "branch"), "{refused}");
        }
        assert_eq!(bed.lines().await.len(), 1);
        let known = Request { ticket: ticket("T-k"), ..request(Wish::Open, r#"{"branch":"b-7"}"#) };
        bed.carry_out(&known).await.unwrap();
        let moved = request(Wish::Transfer, r#"{"branch":"one-more"}"#);
        let refused = bed.carry_out(&Request { ticket: ticket("T-k"), ..moved }).await.unwrap_err();
        assert!(refused.to_string().contains("one-more"), "{refused}");
    });
}

/// The script on several tickets, each act at a time of its own, rising.
fn acts() -> Vec<Timed> {
    let steps = script().into_iter().flat_map(|step| (1..4).map(move |n| (format!("T-{n}"), step.clone())));
    let timed = |((id, step), n): ((String, Request), i64)| Timed {
        at: Timestamp::clamped(n * 7_000_000),
        ticket: ticket(&id),
        command: step.command,
    };
    steps.zip(1..).map(timed).collect()
}

#[test]
fn a_log_filled_in_is_the_log_of_the_same_commands_one_by_one() {
    run(async {
        let (filled, one_by_one) = (Bed::new(), Bed::new());
        for Timed { at, ticket, command } in acts() {
            one_by_one.clock.store(at.micros(), Ordering::Relaxed);
            let request = Request { ticket, command, if_version: None, stamp: None, now: at };
            one_by_one.carry_out(&request).await.unwrap();
        }
        filled.clock.store(i64::from(u32::MAX) * 1_000_000, Ordering::Relaxed);
        let mut told = Vec::new();
        filled.commands.fill(acts(), |done| told.push(done)).await.unwrap();
        assert_eq!(told.last(), Some(&acts().len()));
        assert_eq!(without_log_id(filled.lines().await), without_log_id(one_by_one.lines().await));
        // The filled log goes on as any other.
        assert!(filled.carry_out(&assigning("mina")).await.is_ok());
        filled.assert_cache_is_log("after filling").await;
    });
}

#[test]
fn filling_in_stops_at_the_first_act_that_is_refused() {
    run(async {
        let bed = Bed::new();
        bed.clock.store(i64::from(u32::MAX) * 1_000_000, Ordering::Relaxed);
        let mut acts = acts();
        let refused = Timed { at: acts[5].at, ticket: ticket("T-never"), command: closing().command };
        acts.insert(6, refused);
        let stopped = bed.commands.fill(acts, |_| ()).await.unwrap_err();
        assert!(matches!(stopped, CommandError::Rejected(Rejection::NotOpened)), "{stopped}");
        assert!(bed.lines().await.len() <= 6, "nothing after it is there");
    });
}
