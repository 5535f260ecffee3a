//! Checkpoints: a state read back answers and goes on as the one written down, and nothing damaged or foreign is read.

use super::*;
use crate::definition::catalog::Published;
use crate::definition::document::Definition;
use crate::measurements::Measurements;
use crate::measurements::parts::{PARTS, Part};
use crate::projector::catch_up;
use crate::report::query::{Query, ReportName};
use crate::report::report;
use crate::report::tests::naive::any::{any_definition, any_history};
use crate::test_support::{Entry, Labels, MemoryLog, folded_under, now};
use daftar_eventlog::Position;
use proptest::prelude::*;
use std::fs;
use std::sync::Arc;

/// Written down and read back.
fn through_bytes(state: &Measurements) -> Measurements {
    let part = |name| {
        let mut out = Writer::default();
        state.write_part(name, &mut out);
        Part::read(name, &mut Reader::new(&out.into_bytes())).unwrap()
    };
    let parts = PARTS.iter().map(|name| part(*name)).collect();
    Measurements::of_parts(state.folded().clone(), state.position(), parts).unwrap()
}

/// Every report of a state, by day and department, in one text.
fn all_reports(state: &Measurements, definition: &Definition, position: Position) -> String {
    let published = Arc::new(Published { document: definition.clone(), version: 0 });
    let made = ReportName::ALL.map(|name| {
        let asked = [("interval", "day"), ("group_by", "department")];
        let asked = if name.lists_tickets() { &asked[..0] } else { &asked[..] };
        let asked = asked.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let query = Query::parse(name.name(), asked).unwrap();
        report(state, &query, &published, position, &Labels).map_or_else(|e| e.to_string(), |report| report.to_json())
    });
    made.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("DAFTAR_LONG").is_some() { 2000 } else { 60 }))]

    #[test]
    fn a_state_read_back_answers_at_every_position_and_folds_on_as_the_one_written_down(
        definition in any_definition(),
        entries in any_history(),
        percent in 0..100_u64,
    ) {
        let end = Position(1 + entries.len() as u64);
        let cut = Position(1 + entries.len() as u64 * percent / 100);
        let whole = folded_under(&definition, &entries, None);
        let mut back = through_bytes(&folded_under(&definition, &entries, Some(cut)));
        prop_assert_eq!(back.position(), cut.min(end));
        prop_assert_eq!(all_reports(&back, &definition, cut), all_reports(&whole, &definition, cut));
        now(catch_up(&MemoryLog::of(&entries), &mut back, None, |_| {})).unwrap();
        for position in (0..=end.0).step_by(4).map(Position) {
            prop_assert_eq!(all_reports(&back, &definition, position), all_reports(&whole, &definition, position));
        }
    }
}

fn some_history() -> Vec<Entry> {
    use crate::test_support::{Story, Who, closed, history, opened};
    let life = |n| {
        history(n, [(0, opened(Who::Customer)), (1, Story::Replied(Who::Agent("sara"))), (2, closed(Who::Customer))])
    };
    (1..40).flat_map(life).collect()
}

/// A ticket to which everything happens that figures tell apart.
fn eventful(ticket: u32) -> Vec<Entry> {
    use crate::test_support::{Answers, Story, Who, closed, history, opened};
    let answers = Answers { overall: Some((2, 1)), nps: Some(3), ..Answers::default() };
    let story = [
        (0, opened(Who::Customer)),
        (1, Story::Assigned(Some("sara"))),
        (2, Story::Replied(Who::Agent("sara"))),
        (3, Story::Rated { reply: 1, satisfied: false }),
        (4, Story::Rated { reply: 1, satisfied: true }),
        (5, Story::Transferred(Some("billing"))),
        (6, Story::Priority(3)),
        (7, Story::HeldForThirdParty),
        (9, Story::Resumed),
        (10, Story::Replied(Who::Customer)),
        (12, Story::Replied(Who::Agent("omid"))),
        (13, closed(Who::Agent("omid"))),
        (14, Story::Answered { closing: 1, answers }),
        (15, Story::Reopened(Who::Customer)),
        (16, Story::Voided),
        (17, Story::Restored),
        (18, closed(Who::Customer)),
    ];
    history(ticket, story)
}

const MARK: Mark = Mark { log_id: [1; 16], position: Position(7), chain: [2; 32], folded: [3; 32] };

#[test]
fn a_file_holds_what_was_written_and_any_flipped_bit_or_missing_end_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let state = folded_under(&Definition::default(), &some_history(), None);
    let checkpoint = Checkpoint::new(dir.path(), state.folded());
    checkpoint.write(&state, &MARK).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    let read = || file::open(checkpoint.path()).and_then(|(mark, file)| Some((mark, file::read_parts(file)?)));
    let (mark, parts) = read().unwrap();
    assert_eq!(mark, MARK);
    let back = Measurements::of_parts(state.folded().clone(), state.position(), parts).unwrap();
    let definition = Definition::default();
    assert_eq!(all_reports(&back, &definition, state.position()), all_reports(&state, &definition, state.position()));

    let good = fs::read(checkpoint.path()).unwrap();
    for byte in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[byte] ^= 1 << (byte % 8);
        fs::write(checkpoint.path(), &bad).unwrap();
        assert!(read().is_none(), "byte {byte} of {}", good.len());
    }
    for end in [0, 1, 50, good.len() / 2, good.len() - 1] {
        fs::write(checkpoint.path(), &good[..end]).unwrap();
        assert!(read().is_none(), "cut off at {end}");
    }
}

/// Of what was written in form 2. Where this fails the fold, or the form of what it leaves, is another: let
/// `file::FORM` be one more, so that checkpoints of earlier programs are passed over, and take the digest told.
#[test]
fn what_is_written_is_of_the_form_that_files_say() {
    let state = folded_under(&Definition::default(), &[some_history(), eventful(50)].concat(), None);
    let mut hasher = blake3::Hasher::new();
    for name in PARTS {
        let mut out = Writer::default();
        state.write_part(*name, &mut out);
        hasher.update(&out.into_bytes());
    }
    let digest = hasher.finalize().to_hex();
    assert_eq!((file::FORM, &digest[..16]), (2, "4ae4c77251fc561c"), "{digest}");
}

#[test]
fn states_under_other_folded_fields_have_files_of_their_own() {
    let mut other = Definition::default();
    other.resolution.per = crate::definition::document::Per::Cycle;
    let (dir, default) = (std::path::Path::new("somewhere"), Definition::default());
    assert_ne!(Checkpoint::new(dir, &default.folded()).path(), Checkpoint::new(dir, &other.folded()).path());
    let mut asked = default.clone();
    asked.csat.positive_from.five = 5;
    assert_eq!(Checkpoint::new(dir, &default.folded()).path(), Checkpoint::new(dir, &asked.folded()).path());
}
