//! States of other bases: built beside, up to date whenever they are read, kept while they are used, dropped when they
//! fail, and taken over from whole.

use super::*;
use crate::columns::rows::PIECE_ROWS;
use crate::definition::catalog::Published;
use crate::definition::document::{Definition, Per, Repliers};
use crate::live::tests::published::random_history;
use crate::live::tests::{Following, GrowingLog, LONG, block_on};
use crate::report::query::ReportName;
use crate::report::tests::plain::report;
use crate::test_support::{Entry, Labels, Story, Who, closed, folded_under, history, minutes, opened, query};
use crate::ticket_facts::Micros;
use proptest::test_runner::TestRunner;
use std::sync::atomic::{AtomicBool, Ordering};

/// Definitions, none of which shares its folded fields with another, nor with the default.
fn definitions() -> Vec<Definition> {
    let turned = (1..RESIDENT_MAX + 2).map(|n| {
        let mut definition = Definition::default();
        let turn = |bit: usize| n & (1 << bit) != 0;
        definition.first_response.per = if turn(0) { Per::Cycle } else { Per::Ticket };
        definition.resolution.per = if turn(1) { Per::Cycle } else { Per::Ticket };
        definition.next_response.ended_by = if turn(2) { Repliers::HumanAndAutomation } else { Repliers::Human };
        definition
    });
    turned.collect()
}

fn bases() -> Vec<Basis> {
    definitions().iter().map(|definition| definition.folded().into()).collect()
}

fn entries() -> Vec<Entry> {
    history(1, [(0, opened(Who::Customer)), (5, closed(Who::Agent("sara"))), (9, Story::Reopened(Who::Customer))])
}

/// States beside a live one that nobody feeds yet.
fn beside(log: &Arc<GrowingLog>, bytes_max: u64) -> (Arc<Live>, Resident) {
    let log: Arc<dyn LogReader> = Arc::<GrowingLog>::clone(log);
    let live = Arc::new(Live::new(Arc::clone(&log)));
    (Arc::clone(&live), Resident::beside(live, log, bytes_max))
}

/// The state of a basis that is not the live one's.
fn state(resident: &Resident, basis: &Basis) -> Arc<State> {
    resident.state(basis).unwrap().unwrap()
}

fn kept(resident: &Resident) -> Vec<Basis> {
    resident.states().iter().map(|state| state.basis.clone()).collect()
}

/// What is counted by the n-th minute.
fn by_minute(n: i64) -> Basis {
    Basis { happened_by: Some(minutes(n)), ..Definition::default().folded().into() }
}

fn snapshot(resident: &Resident, basis: &Basis, position: Position) -> Arc<Measurements> {
    block_on(resident.snapshot(basis, position, LONG)).unwrap()
}

#[test]
fn a_state_follows_the_log_and_is_there_whenever_it_is_read() {
    let entries = entries();
    let log = GrowingLog::of(entries.clone());
    let (_, resident) = beside(&log, BYTES_MAX);
    let (definition, basis) = (&definitions()[2], &bases()[2]);
    for count in 1..=entries.len() {
        let last = log.grow_to(count);
        assert_eq!(snapshot(&resident, basis, last).position(), last);
    }
    let columns = |state: &Measurements| (state.closings.len(), state.openings.len(), state.folded().clone());
    let state = snapshot(&resident, basis, Position(4));
    assert_eq!(columns(&state), columns(&folded_under(definition, &entries, None)));
    // A state answers for its own definition alone.
    assert!(report(&state, &query(ReportName::Flow, &[]), Position(2), &Labels).is_err());
}

#[test]
fn it_is_followed_also_while_nobody_asks() {
    let log = GrowingLog::of(entries());
    let (_, resident) = beside(&log, BYTES_MAX);
    let basis = &bases()[0];
    let first = log.grow_to(1);
    snapshot(&resident, basis, first);
    let state = state(&resident, basis);
    let mut published = state.live.published();
    let last = log.grow_to(3);
    block_on(published.wait_for(|reached| *reached == last)).unwrap();
    assert_eq!(resident.progress(basis), Some(Progress { ready: true, folded: last, of: last }));
}

#[test]
fn the_live_state_answers_for_its_own_basis() {
    let log = GrowingLog::of(entries());
    let (live, resident) = beside(&log, BYTES_MAX);
    let last = log.grow_to(3);
    block_on(live.catch_up(|_| {})).unwrap();
    let own = Basis::from(Definition::default().folded());
    let state = snapshot(&resident, &own, last);
    assert!(Arc::ptr_eq(&state, &live.snapshot().unwrap()));
    resident.prepare(&own).unwrap();
    // It is waited for as any other is, and no second one is built.
    let behind = block_on(resident.snapshot(&own, last.next(), Duration::ZERO)).unwrap_err();
    assert!(matches!(behind, NotReady::Folding(Progress { ready: true, folded, .. }) if folded == last), "{behind}");
    assert!(resident.states().is_empty());
    assert_eq!(resident.progress(&bases()[0]), None);
}

#[test]
fn what_happened_later_is_another_state() {
    let imported_later = history(2, [(1, opened(Who::Customer)), (4, closed(Who::Customer)), (6, Story::Voided)]);
    let log = GrowingLog::of(entries().into_iter().chain(imported_later).collect());
    let (live, resident) = beside(&log, BYTES_MAX);
    let basis = Basis { happened_by: Some(minutes(5)), ..Definition::default().folded().into() };
    for (events, closings) in [(3, 1), (4, 1), (5, 2), (6, 2)] {
        let last = log.grow_to(events);
        block_on(live.catch_up(|_| {})).unwrap();
        let state = snapshot(&resident, &basis, last);
        assert_eq!((state.closings.len(), state.reopenings.len(), state.position()), (closings, 0, last));
        assert_eq!(state.latest_instant(last), Some(minutes(5)));
        assert!(closings == 1 || !state.void_at(1, last), "voided later");
    }
}

#[test]
fn the_state_that_was_used_the_longest_ago_makes_room() {
    let log = GrowingLog::of(entries());
    let last = log.grow_to(3);
    let (_, resident) = beside(&log, BYTES_MAX);
    let bases = bases();
    let live = |basis: &Basis| {
        snapshot(&resident, basis, last);
        Arc::as_ptr(&state(&resident, basis).live)
    };
    let first: Vec<_> = bases[..RESIDENT_MAX].iter().map(live).collect();
    // The first is used again, so the second is the oldest when one more comes.
    assert_eq!(live(&bases[0]), first[0]);
    live(&bases[RESIDENT_MAX]);
    assert_eq!(resident.states().len(), RESIDENT_MAX);
    let kept: Vec<_> = resident.states().iter().map(|state| state.basis.clone()).collect();
    assert!(kept.contains(&bases[0]) && !kept.contains(&bases[1]));
}

#[test]
fn as_many_are_kept_as_the_memory_holds_and_those_in_use_stay() {
    let log = GrowingLog::of(entries());
    let last = log.grow_to(3);
    // Four events; two states of them fit.
    let (_, resident) = beside(&log, 2 * last.0 * EVENT_BYTES);
    let bases = bases();
    let read = snapshot(&resident, &bases[0], last);
    snapshot(&resident, &bases[1], last);
    snapshot(&resident, &bases[2], last);
    assert_eq!(kept(&resident), [bases[0].clone(), bases[2].clone()], "the first is being read");
    let waited_for = state(&resident, &bases[2]);
    let full = resident.prepare(&bases[3]).unwrap_err();
    assert!(matches!(full, NotReady::Full(2)), "{full}");
    drop(read);
    resident.prepare(&bases[3]).unwrap();
    assert_eq!(kept(&resident), [bases[2].clone(), bases[3].clone()]);
    drop(waited_for);
    // One is always allowed.
    let (_, small) = beside(&log, 1);
    snapshot(&small, &bases[0], last);
    snapshot(&small, &bases[1], last);
    assert_eq!(kept(&small), [bases[1].clone()]);
}

#[test]
fn a_state_that_is_being_built_is_not_driven_out_by_another() {
    let log = GrowingLog::of(entries());
    let last = log.grow_to(3);
    let (_, resident) = beside(&log, 1);
    let others = block_on(resident.folding.acquire_many(2)).unwrap();
    let bases = bases();
    let behind = block_on(resident.snapshot(&bases[0], last, Duration::ZERO)).unwrap_err();
    assert!(matches!(behind, NotReady::Folding(_)), "{behind}");
    // Whoever asked comes back; nobody holds it meanwhile.
    let full = block_on(resident.snapshot(&bases[1], last, Duration::ZERO)).unwrap_err();
    assert!(matches!(full, NotReady::Full(1)), "{full}");
    assert_eq!(kept(&resident), [bases[0].clone()]);
    drop(others);
    snapshot(&resident, &bases[0], last);
    snapshot(&resident, &bases[1], last);
    assert_eq!(kept(&resident), [bases[1].clone()]);
}

#[test]
fn a_log_that_has_grown_leaves_room_for_fewer() {
    let log = GrowingLog::of(entries());
    // Two events; two states of them fit, and one of four.
    let first = log.grow_to(1);
    let (_, resident) = beside(&log, 2 * first.0 * EVENT_BYTES);
    let bases = bases();
    bases[..2].iter().for_each(|basis| drop(snapshot(&resident, basis, first)));
    let mut reached: Vec<_> = resident.states().iter().map(|state| state.live.published()).collect();
    let wanted = Arc::as_ptr(&resident.states()[0]);
    let last = log.grow_to(3);
    reached.iter_mut().for_each(|reached| drop(block_on(reached.wait_for(|reached| *reached == last)).unwrap()));
    snapshot(&resident, &bases[0], last);
    assert_eq!(kept(&resident), [bases[0].clone()]);
    assert_eq!(Arc::as_ptr(&resident.states()[0]), wanted, "the one that is asked for is not the one that goes");
}

#[test]
fn instants_make_room_for_each_other_and_not_at_the_cost_of_definitions() {
    let log = GrowingLog::of(entries());
    let last = log.grow_to(3);
    let (_, resident) = beside(&log, BYTES_MAX);
    let bases = bases();
    bases[..RESIDENT_MAX - 1].iter().for_each(|basis| drop(snapshot(&resident, basis, last)));
    (1..5).for_each(|n| drop(snapshot(&resident, &by_minute(n), last)));
    assert_eq!(kept(&resident), [&bases[..RESIDENT_MAX - 1], &[by_minute(4)]].concat());
    let (_, resident) = beside(&log, BYTES_MAX);
    (1..5).for_each(|n| drop(snapshot(&resident, &by_minute(n), last)));
    assert_eq!(kept(&resident), [by_minute(3), by_minute(4)]);
    // A definition has as much a right to room as an instant, and the first instant as a definition.
    bases[..RESIDENT_MAX].iter().for_each(|basis| drop(snapshot(&resident, basis, last)));
    assert_eq!(kept(&resident), bases[..RESIDENT_MAX]);
    snapshot(&resident, &by_minute(1), last);
    assert_eq!(kept(&resident), [&bases[1..RESIDENT_MAX], &[by_minute(1)]].concat());
}

#[test]
fn whoever_does_not_wait_long_enough_is_told_how_far_it_is() {
    let log = GrowingLog::of(entries());
    let (_, resident) = beside(&log, BYTES_MAX);
    let last = log.grow_to(3);
    let _others = block_on(resident.folding.acquire_many(2)).unwrap();
    let asked = block_on(resident.snapshot(&bases()[0], last, Duration::ZERO));
    assert_eq!(
        asked.unwrap_err().to_string(),
        "the figures under this definition are being made: folded 0 of 4 events; try again"
    );
    assert_eq!(
        resident.progress(&bases()[0]),
        Some(Progress { ready: false, folded: Position::ZERO, of: Position(4) })
    );
    let told = [999, 1_000, 1_200_000].map(|events| counted(Position(events)));
    assert_eq!(told, ["999", "1,000", "1,200,000"]);
}

#[test]
fn many_who_ask_at_once_share_one_state() {
    let (_, resident) = beside(&GrowingLog::of(Vec::new()), BYTES_MAX);
    let basis = &bases()[1];
    let kept = state(&resident, basis);
    std::thread::scope(|scope| {
        let asking = || (0..200).all(|_| Arc::ptr_eq(&state(&resident, basis), &kept));
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(asking)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()), "somebody built another");
    });
}

#[test]
fn a_state_that_could_not_be_fed_is_not_kept() {
    let log = GrowingLog::of(entries());
    let (_, resident) = beside(&log, BYTES_MAX);
    let last = log.grow_to(2);
    log.break_down();
    let failed = block_on(resident.snapshot(&bases()[1], last, LONG)).unwrap_err();
    assert!(matches!(failed, NotReady::Stopped(CatchUpError::Store(_))), "{failed}");
    assert!(resident.states().is_empty());
}

#[test]
fn a_level_state_takes_the_place_of_the_live_one_whole() {
    let entries = entries();
    let log = GrowingLog::of(entries.clone());
    let (live, resident) = beside(&log, BYTES_MAX);
    let following = Following::start(&live);
    let first = log.grow_to(2);
    assert!(block_on(live.seen(first, LONG)));
    let (definition, basis) = (&definitions()[0], &bases()[0]);
    resident.let_succeed(basis).unwrap();
    assert!(block_on(live.turned_to(basis, first, LONG)));
    while !resident.states().is_empty() {
        // Its thread takes it out of the list.
        std::thread::yield_now();
    }
    assert!(live.heir().is_none());
    let last = log.grow_to(3);
    assert!(block_on(live.seen(last, LONG)), "it goes on from there");
    let columns = |state: &Measurements| (state.closings.len(), state.reopenings.len(), state.folded().clone());
    assert_eq!(live.read(columns).unwrap(), columns(&folded_under(definition, &entries, None)));
    // What was taken over is followed no more: another begins when the live one turns back.
    let own = Basis::from(Definition::default().folded());
    resident.let_succeed(&own).unwrap();
    assert!(block_on(live.turned_to(&own, last, LONG)));
    assert_eq!(snapshot(&resident, basis, last).position(), last);
    following.stop().unwrap();
}

#[test]
fn whoever_waits_for_a_state_that_is_taken_over_finds_it_in_its_new_place() {
    let log = GrowingLog::of(entries());
    let (live, resident) = beside(&log, BYTES_MAX);
    let first = log.grow_to(2);
    let basis = &bases()[0];
    resident.let_succeed(basis).unwrap();
    snapshot(&resident, basis, first);
    let kept = state(&resident, basis);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| snapshot(&resident, basis, first.next()));
        // The state is given away before it could have come there.
        block_on(kept.live.awaited.subscribe().wait_for(|waiting| 0 < *waiting)).unwrap();
        let following = Following::start(&live);
        block_on(kept.live.retired());
        let last = log.grow_to(3);
        assert_eq!(waiting.join().unwrap().position(), last);
        following.stop().unwrap();
    });
}

#[test]
fn a_further_state_shares_what_is_equal_and_changes_nothing_of_it() {
    let (opened, closed) = ((0, opened(Who::Customer)), (5, closed(Who::Agent("sara"))));
    let reopened = (9, Story::Reopened(Who::Customer));
    let lives = (1..=40).flat_map(|ticket| history(ticket, [opened.clone(), closed.clone(), reopened.clone()]));
    let entries: Vec<_> = lives.collect();
    let log = GrowingLog::of(entries.clone());
    let (live, resident) = beside(&log, BYTES_MAX);
    let last = log.grow_to(entries.len());
    block_on(live.catch_up(|_| {})).unwrap();
    let before = folded_under(&Definition::default(), &entries, None);
    let (definition, basis) = (&definitions()[1], &bases()[1]);
    let further = snapshot(&resident, basis, last);
    let first = live.snapshot().unwrap();
    let pieces = |state: &Measurements| state.openings.pieces(Micros::MIN, Micros::MAX).cloned().collect::<Vec<_>>();
    let (ours, theirs) = (pieces(&further), pieces(&first));
    let full = theirs.iter().filter(|piece| piece.moments.at.len() == PIECE_ROWS).count();
    assert_eq!(full, 40 / PIECE_ROWS, "the test has full pieces");
    for (ours, theirs) in ours.iter().zip(&theirs).take(full) {
        assert!(ours.moments.at.is_shared_with(&theirs.moments.at));
        assert!(ours.moments.added.is_shared_with(&theirs.moments.added));
    }
    let published = Arc::new(Published { document: definition.clone(), version: 0 });
    for name in [ReportName::Flow, ReportName::ResolutionTimes, ReportName::Backlog] {
        let asked = query(name, &[("group_by", "agent")]);
        assert_eq!(report(&first, &asked, last, &Labels), report(&before, &asked, last, &Labels));
        let made = |state: &Measurements| crate::report::report(state, &asked, &published, last, &Labels);
        assert_eq!(made(&further), made(&folded_under(definition, &entries, None)));
    }
}

#[test]
fn a_basis_that_is_being_taken_over_is_never_nowhere() {
    let log = GrowingLog::of(entries());
    let (live, resident) = beside(&log, BYTES_MAX);
    let basis = &bases()[0];
    log.grow_to(2);
    // Fed by nobody but this test.
    let heir = Arc::new(State::new(basis, &live, Arc::<GrowingLog>::clone(&log)));
    block_on(heir.live.catch_up(|_| {})).unwrap();
    resident.states().push(Arc::clone(&heir));
    resident.let_succeed(basis).unwrap();
    // The live one is ahead of the heir: what it takes over can't be published yet.
    let last = log.grow_to(3);
    block_on(live.catch_up(|_| {})).unwrap();
    live.inherit();
    assert!(!heir.live.is_retired() && !basis.is_of(&live.snapshot().unwrap()));
    resident.let_succeed(basis).unwrap();
    live.inherit();
    assert!(Arc::ptr_eq(&state(&resident, basis), &heir), "no other one is begun");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| snapshot(&resident, basis, last));
        block_on(heir.live.awaited.subscribe().wait_for(|waiting| 0 < *waiting)).unwrap();
        block_on(live.catch_up(|_| {})).unwrap();
        assert_eq!(waiting.join().unwrap().position(), last);
    });
    assert!(heir.live.is_retired() && live.heir().is_none() && basis.is_of(&live.snapshot().unwrap()));
    resident.let_succeed(basis).unwrap();
    assert!(live.heir().is_none() && resident.state(basis).unwrap().is_none());
    assert!(resident.states().is_empty(), "it is not kept");
}

#[test]
fn a_state_that_was_named_and_is_no_more_takes_no_place() {
    let log = GrowingLog::of(entries());
    let (live, resident) = beside(&log, BYTES_MAX);
    let others = block_on(resident.folding.acquire_many(2)).unwrap();
    resident.let_succeed(&bases()[0]).unwrap();
    assert!(live.heir().is_some());
    resident.let_succeed(&Definition::default().folded().into()).unwrap();
    assert!(live.heir().is_none());
    drop(others);
    let following = Following::start(&live);
    let last = log.grow_to(3);
    snapshot(&resident, &bases()[0], last);
    assert!(block_on(live.seen(last, LONG)));
    assert!(Basis::from(Definition::default().folded()).is_of(&live.snapshot().unwrap()));
    following.stop().unwrap();
}

/// Readers ask on and on while one state takes the place of the other, back and forth, and the log grows.
#[test]
fn readers_see_one_basis_or_the_other_and_never_a_mixture() {
    let entries = random_history(&mut TestRunner::deterministic(), 200);
    let (before, after) = (Definition::default(), definitions()[2].clone());
    let under =
        |definition: &Definition, position| figures_under(definition, &folded_under(definition, &entries, position));
    let log = GrowingLog::of(entries.clone());
    let (live, resident) = beside(&log, BYTES_MAX);
    let following = Following::start(&live);
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let read_on = || {
            let mut seen: Vec<Arc<Measurements>> = Vec::new();
            while !done.load(Ordering::Acquire) {
                let state = live.snapshot().unwrap();
                if seen.last().is_none_or(|last| !Arc::ptr_eq(last, &state)) {
                    seen.push(state);
                }
            }
            seen
        };
        let readers: Vec<_> = (0..3).map(|_| scope.spawn(read_on)).collect();
        for (n, events) in (20..=entries.len()).step_by(20).enumerate() {
            let last = log.grow_to(events);
            let basis = Basis::from(if n % 2 == 0 { after.folded() } else { before.folded() });
            resident.let_succeed(&basis).unwrap();
            assert!(block_on(live.turned_to(&basis, last, LONG)));
        }
        done.store(true, Ordering::Release);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });
    following.stop().unwrap();
    let turned = seen.iter().filter(|state| *state.folded() == after.folded()).count();
    assert!(0 < turned && turned < seen.len(), "readers saw both");
    for state in seen.iter().filter(|state| Position::ZERO < state.position()) {
        let definition = if *state.folded() == after.folded() { &after } else { &before };
        assert_eq!(figures_under(definition, state), under(definition, Some(state.position())));
    }
}

/// A report that these definitions differ in, and the position it belongs to.
fn figures_under(definition: &Definition, state: &Measurements) -> (Position, String) {
    let published = Arc::new(Published { document: definition.clone(), version: 0 });
    let asked = query(ReportName::ResolutionTimes, &[]);
    let made = crate::report::report(state, &asked, &published, state.position(), &Labels).unwrap();
    (state.position(), made.to_json())
}
