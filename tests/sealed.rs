//! People and texts stand nowhere in clear in the data directory, and content opens only where it was sealed.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use daftar_domain::actor::{Actor, Cause};
use daftar_domain::ids::{AgentId, BranchId, CustomerId, QuestionId, ReasonId, TicketId};
use daftar_domain::satisfaction::SurveyAnswers;
use daftar_domain::ticket::{Attachment, Means, Opening, Visibility};
use daftar_domain::{Event, EventKind, Timestamp};
use daftar_eventlog::codec::ticket::{Origin, TicketCodec, TicketEvent};
use daftar_eventlog::embedded::EmbeddedLog;
use daftar_eventlog::record::{EventBytes, RecordedEvent};
use daftar_eventlog::{Commit, EventLog, LogReader, StoreError, StreamName, Version};
use daftar_tests::history::{all_events, copy_dir, files_under, open};
use std::path::Path;
use std::sync::Arc;

/// What must never be found, in both scripts; long enough that chance makes none of them.
const SECRETS: [&str; 12] = [
    "SECRETCUSTOMER",
    "مشتری‌محرمانه",
    "SECRETACTOR",
    "SECRETSUBJECT",
    "موضوع‌محرمانه",
    "SECRETBODY",
    "متن‌محرمانه",
    "SECRETCOMMENT",
    "SECRETTEXT",
    "SECRETNOTE",
    "SECRETFILE",
    "SECRETSOURCE",
];

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn event(second: i64, by: Option<Actor>, kind: EventKind) -> Event {
    let cause = Some(Cause { position: 7, rule: "rule-1".into() });
    Event { occurred_at: Timestamp::clamped(second * 1_000_000), by, cause, kind }
}

fn attachment(name: &str) -> Attachment {
    Attachment {
        name: format!("{name}.pdf"),
        media_type: Some(format!("application/{name}")),
        size: Some(5),
        sha256: Some("ab".repeat(32)),
        url: Some(format!("https://files.example/{name}")),
    }
}

/// Five events that plant every secret; one text is long enough to be compressed, one to be continued over values.
fn events() -> Vec<Event> {
    let agent = Actor::Agent(AgentId::known_good("sara"));
    let actor = Actor::Customer(Some(CustomerId::known_good("SECRETACTOR-2")));
    let opening = Opening {
        customer: Some(CustomerId::known_good("SECRETCUSTOMER-مشتری‌محرمانه")),
        branch: Some(BranchId::known_good("tehran-open-branch")),
        subject: Some("SECRETSUBJECT موضوع‌محرمانه".into()),
        body: Some("SECRETBODY متن‌محرمانه ".repeat(200)),
        attachments: vec![attachment("SECRETFILE")],
        ..Opening::default()
    };
    let noise = (0..9_000u32).map(|n| format!("{:x} SECRETBODY ", n.wrapping_mul(2_654_435_761))).collect();
    let answers = SurveyAnswers {
        comment: Some("SECRETCOMMENT".into()),
        texts: [(QuestionId::known_good("q-1"), "SECRETTEXT".to_owned())].into(),
        ..SurveyAnswers::default()
    };
    let reply = EventKind::ReplyPosted {
        visibility: Visibility::Public,
        channel: None,
        body: Some(noise),
        attachments: vec![attachment("SECRETFILE2")],
    };
    let closing = EventKind::TicketClosed {
        survey_offered: true,
        reason: Some(ReasonId::known_good("solved")),
        duplicate_of: None,
        form: None,
    };
    vec![
        event(1, None, EventKind::TicketOpened(Box::new(opening))),
        event(2, Some(actor), reply),
        event(3, Some(agent.clone()), closing),
        event(4, None, EventKind::SurveySubmitted { closing: 1, answers: Box::new(answers) }),
        event(5, Some(agent), EventKind::FollowUpRecorded { means: Means::Call, note: Some("SECRETNOTE".into()) }),
    ]
}

fn origin(n: usize) -> Origin {
    Origin { source_event: Some(format!("SECRETSOURCE-{n}")), ..Origin::default() }
}

fn codec(log: &EmbeddedLog) -> TicketCodec {
    TicketCodec::new(log.keys(), log.identity().log_id)
}

/// Plants the secrets in a ticket with a customer and in one without.
async fn plant(log: &Arc<EmbeddedLog>) {
    let codec = codec(log);
    for ticket in ["HD-1", "HD-2"] {
        let mut events = events();
        let EventKind::TicketOpened(opening) = &mut events[0].kind else { unreachable!("the first opens") };
        opening.customer = opening.customer.take().filter(|_| ticket == "HD-1");
        let owner = codec.owner_of(opening).unwrap();
        for (event, n) in events.iter().zip(1u32..) {
            let ticket = TicketId::known_good(ticket);
            let sealed = codec.encode(&ticket, owner, Version(n), event, &origin(n as usize)).unwrap();
            let stream = StreamName::ticket(ticket.as_str());
            let expected = Version(n - 1);
            log.append(Commit { stream, expected, events: vec![sealed], command: None, recorded_at: None })
                .await
                .unwrap();
        }
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Asserts that no file of the directory holds a secret, as UTF-8 or as UTF-16, and that what may be seen is seen.
fn assert_nothing_shows(dir: &Path, when: &str) {
    let mut open_names = 0;
    for file in files_under(dir).unwrap() {
        let bytes = std::fs::read(&file).unwrap();
        for secret in SECRETS {
            let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
            for form in [secret.as_bytes(), &wide] {
                assert!(!holds(&bytes, form), "{when}: {} holds {secret}", file.display());
            }
        }
        open_names += usize::from(holds(&bytes, b"tehran-open-branch") && holds(&bytes, b"sara"));
    }
    assert!(open_names > 0, "{when}: agents and branches stand in clear, as documented");
}

/// Reads everything back and compares it with what was planted.
async fn assert_reads_back(log: &EmbeddedLog) {
    let codec = codec(log);
    for ticket in ["HD-1", "HD-2"] {
        let recorded = log.read_stream(&StreamName::ticket(ticket), Version(0), 10).await.unwrap();
        let decoded: Vec<TicketEvent> = recorded.iter().map(|r| codec.decode(r).unwrap()).collect();
        assert_eq!(decoded.len(), 5);
        for ((read, mut planted), n) in decoded.into_iter().zip(events()).zip(1..) {
            if let EventKind::TicketOpened(opening) = &mut planted.kind {
                opening.customer = opening.customer.take().filter(|_| ticket == "HD-1");
            }
            assert_eq!((read.event, read.origin, read.forgotten), (planted, origin(n), false));
        }
    }
}

#[test]
fn people_and_texts_stand_nowhere_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    block_on(async {
        let log = open(dir.path()).unwrap();
        plant(&log).await;
        assert_nothing_shows(dir.path(), "while it is open");
        assert_reads_back(&log).await;
        // What a kill now would leave: the files as they lie, without any closing.
        let killed = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), killed.path()).unwrap();
        let again = open(killed.path()).unwrap();
        assert_reads_back(&again).await;
        drop(again);
        assert_nothing_shows(killed.path(), "after a kill and a reopening");
    });
    assert_nothing_shows(dir.path(), "after closing");
    block_on(async {
        let log = open(dir.path()).unwrap();
        fill_a_block(&log).await;
        assert_reads_back(&log).await;
    });
    assert!(std::fs::metadata(dir.path().join("derived/facts")).unwrap().len() > 0, "a block was derived");
    assert_nothing_shows(dir.path(), "in derived files");
}

/// So many events that the planted ones come to lie in a derived block.
async fn fill_a_block(log: &Arc<EmbeddedLog>) {
    for n in 0..5 {
        log.append(daftar_tests::commit("filling", n * 1000, 1000, None)).await.unwrap();
    }
}

fn with_content(head_of: &RecordedEvent, content_of: &RecordedEvent) -> RecordedEvent {
    let bytes = EventBytes { head: head_of.bytes.head.clone(), sealed: content_of.bytes.sealed.clone() };
    RecordedEvent { bytes, ..head_of.clone() }
}

#[test]
fn content_opens_only_for_the_event_it_was_sealed_for() {
    let dir = tempfile::tempdir().unwrap();
    block_on(async {
        let log = open(dir.path()).unwrap();
        plant(&log).await;
        let events = all_events(&*log).await.unwrap();
        let codec = codec(&log);
        for (a, event) in events.iter().enumerate() {
            for (b, other) in events.iter().enumerate().filter(|(b, _)| *b != a) {
                let swapped = codec.decode(&with_content(event, other));
                assert!(matches!(swapped, Err(StoreError::Corrupt { .. })), "content of event {b} in event {a}");
            }
        }
        let mut flipped = events[0].clone();
        let sealed = flipped.bytes.sealed.as_mut().unwrap();
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert!(matches!(codec.decode(&flipped), Err(StoreError::Corrupt { .. })));
        let elsewhere = TicketCodec::new(log.keys(), [0; 16]);
        assert!(matches!(elsewhere.decode(&events[0]), Err(StoreError::Corrupt { .. })), "content of another log");
    });
}

#[test]
fn a_conflict_seals_anew() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    let codec = codec(&log);
    let (events, ticket) = (events(), TicketId::known_good("HD-1"));
    let EventKind::TicketOpened(opening) = &events[0].kind else { unreachable!("the first opens") };
    let owner = codec.owner_of(opening).unwrap();
    let sealed = |version| codec.encode(&ticket, owner, version, &events[4], &origin(1)).unwrap().into_bytes();
    let [first, again, moved] = [sealed(Version(2)), sealed(Version(2)), sealed(Version(3))];
    assert_eq!(first.head, again.head);
    assert_ne!(first.sealed, again.sealed, "every sealing has a nonce of its own");
    assert_ne!(first.head, moved.head);
}
