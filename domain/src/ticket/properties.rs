//! What holds of every script of commands and every string of events.

use super::event::{Change, Event, EventKind, HeldFor, Means, Priority, Visibility};
use super::samples::*;
use super::{Action, Command, State, Ticket, WaitingFor, admit, decide, evolve};
use crate::actor::Actor;
use crate::ids::{AgentId, BranchId, DepartmentId, Tag};
use crate::satisfaction::{Score, SurveyAnswers};
use crate::time::Timestamp;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn actor() -> impl Strategy<Value = Option<Actor>> {
    option::weighted(0.9, prop_oneof![Just(sara()), Just(customer()), Just(bot())])
}

fn visibility() -> impl Strategy<Value = Visibility> {
    prop_oneof![3 => Just(Visibility::Public), 1 => Just(Visibility::Internal)]
}

fn party() -> impl Strategy<Value = HeldFor> {
    prop_oneof![Just(HeldFor::Customer), Just(HeldFor::ThirdParty)]
}

fn priority() -> impl Strategy<Value = Priority> {
    (0_u8..4).prop_filter_map("a priority", Priority::from_code)
}

fn agent() -> impl Strategy<Value = Option<AgentId>> {
    option::of(prop_oneof![Just("sara"), Just("omid")].prop_map(AgentId::known_good))
}

fn change<T: Clone + std::fmt::Debug>(make: fn(&str) -> T) -> impl Strategy<Value = Change<T>> {
    prop_oneof![Just(Change::Keep), Just(Change::Clear), Just(Change::Set(make("a"))), Just(Change::Set(make("b")))]
}

fn some_tags() -> impl Strategy<Value = BTreeSet<Tag>> {
    btree_set((0_u8..40).prop_map(|n| tag(&format!("t{n}"))), 0..20)
}

fn score() -> impl Strategy<Value = Score> {
    prop_oneof![Just(Score::SATISFIED), Just(Score::DISSATISFIED)]
}

fn answers() -> impl Strategy<Value = Box<SurveyAnswers>> {
    prop_oneof![
        Just(SurveyAnswers::default()),
        (0_i64..3).prop_map(nps),
        prop_oneof![Just("slow"), Just("fine")].prop_map(commented),
    ]
    .prop_map(Box::new)
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0_u32..5, 1 => any::<u32>()]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => Just(Action::Open(Box::new(opening()))),
        1 => agent().prop_map(|agent| Action::Assign { agent }),
        1 => (change(BranchId::known_good), change(DepartmentId::known_good))
            .prop_map(|(branch, department)| Action::Transfer { branch, department }),
        1 => priority().prop_map(|priority| Action::ChangePriority { priority }),
        1 => (some_tags(), some_tags()).prop_map(|(added, removed)| Action::ChangeTags { added, removed }),
        1 => some_tags().prop_map(|added| Action::ChangeTags { added, removed: BTreeSet::new() }),
        4 => (visibility(), any::<bool>()).prop_map(|(visibility, reopen)| write(visibility, reopen)),
        2 => (number(), score()).prop_map(|(reply, rating)| Action::RateReply { reply, rating }),
        2 => party().prop_map(|waiting_for| Action::Hold { waiting_for }),
        1 => Just(Action::Resume),
        2 => Just(close()),
        2 => (option::of(number()), answers()).prop_map(|(closing, answers)| Action::SubmitSurvey { closing, answers }),
        2 => Just(Action::Reopen { reason: None }),
        1 => Just(Action::Void { reason: reason("spam") }),
        1 => Just(Action::Restore),
        1 => Just(Action::RecordFollowUp { means: Means::Call, note: None }),
    ]
}

fn kind() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        2 => Just(EventKind::TicketOpened(Box::new(opening()))),
        1 => agent().prop_map(|agent| EventKind::TicketAssigned { agent }),
        1 => (change(BranchId::known_good), change(DepartmentId::known_good))
            .prop_map(|(branch, department)| EventKind::TicketTransferred { branch, department }),
        1 => priority().prop_map(|priority| EventKind::PriorityChanged { priority }),
        1 => (some_tags(), some_tags()).prop_map(|(added, removed)| EventKind::TagsChanged { added, removed }),
        4 => visibility().prop_map(written),
        2 => (number(), score()).prop_map(|(reply, rating)| EventKind::ReplyRated { reply, rating }),
        2 => party().prop_map(|waiting_for| EventKind::TicketHeld { waiting_for }),
        1 => Just(EventKind::TicketResumed),
        2 => Just(closing()),
        2 => (number(), answers()).prop_map(|(closing, answers)| EventKind::SurveySubmitted { closing, answers }),
        2 => Just(EventKind::TicketReopened { reason: None }),
        1 => Just(EventKind::TicketVoided { reason: reason("spam") }),
        1 => Just(EventKind::TicketRestored),
        1 => Just(EventKind::FollowUpRecorded { means: Means::None, note: None }),
    ]
}

/// Commands, each with the time it is given at; the clock may jump back.
fn script() -> impl Strategy<Value = Vec<(Command, Timestamp)>> {
    let opened = Just((wish(Action::Open(Box::new(opening()))), sec(0)));
    let step = (actor(), action(), -5_i64..50);
    let later = vec(step.prop_map(|(by, action, at)| (Command { by, cause: None, action }, sec(at))), 0..60);
    (option::weighted(0.9, opened), later).prop_map(|(first, later)| first.into_iter().chain(later).collect())
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let step = (actor(), kind(), -50_i64..50);
    vec(step.prop_map(|(by, kind, at)| Event { by, ..event(at, kind) }), 0..60)
}

/// What is true of every state, however it came about.
fn assert_sound(ticket: &Ticket) {
    let waits = ticket.exists() && ticket.state != State::Closed;
    assert_eq!(ticket.waiting_for.is_some(), waits);
    assert_eq!(ticket.waiting_since.is_some(), waits);
    let openings_ended = if waits { ticket.closings.len() + 1 } else { ticket.closings.len() };
    assert_eq!(usize::try_from(ticket.cycle).unwrap(), openings_ended, "open and closed alternate");
    if waits && ticket.state == State::Open {
        assert_eq!(ticket.waiting_for == Some(WaitingFor::Agent), ticket.unanswered_since.is_some());
    }
}

proptest! {
    #[test]
    fn what_is_decided_is_admitted_and_folds_to_the_state(script in script()) {
        let (mut state, mut log) = (Ticket::default(), Vec::new());
        for (command, now) in script {
            let Ok(events) = decide(&state, command.clone(), now) else { continue };
            for event in events {
                prop_assert_eq!(admit(&state, &event), Ok(()), "{:?}", command);
                state = evolve(state, &event);
                assert_sound(&state);
                log.push(event);
            }
        }
        prop_assert!(log.is_sorted_by_key(|event| event.occurred_at));
        prop_assert_eq!(usize::try_from(state.version).unwrap(), log.len());
        prop_assert_eq!(state, folded(&log));
    }

    #[test]
    fn a_command_that_is_granted_twice_changes_nothing_new(script in script()) {
        let mut state = Ticket::default();
        for (command, now) in script {
            let Ok(events) = decide(&state, command.clone(), now) else { continue };
            state = events.iter().fold(state, evolve);
            let speaks = matches!(command.action, Action::Reply { .. } | Action::RecordFollowUp { .. });
            let again = decide(&state, command.clone(), now);
            prop_assert!(speaks || again.as_ref().map_or(true, Vec::is_empty), "{:?}: {:?}", command, again);
        }
    }

    #[test]
    fn evolve_takes_every_event(events in any_events()) {
        let mut state = Ticket::default();
        for event in &events {
            state = evolve(state, event);
            assert_sound(&state);
        }
        prop_assert_eq!(usize::try_from(state.version).unwrap(), events.len());
    }

    #[test]
    fn what_is_admitted_is_never_lost(events in any_events()) {
        let mut state = Ticket::default();
        for event in events {
            if admit(&state, &event).is_err() { continue }
            let (replies, closings, cycle) = (state.replies.len(), state.closings.len(), state.cycle);
            let was = |kind: fn(&EventKind) -> bool| u32::from(kind(&event.kind));
            let opened = was(|k| matches!(k, EventKind::TicketOpened(_) | EventKind::TicketReopened { .. }));
            state = evolve(state, &event);
            prop_assert_eq!(state.replies.len() - replies, usize::from(matches!(event.kind, EventKind::ReplyPosted { .. })));
            prop_assert_eq!(state.closings.len() - closings, usize::from(matches!(event.kind, EventKind::TicketClosed { .. })));
            prop_assert_eq!(state.cycle - cycle, opened);
            prop_assert!(state.tags.len() <= 32);
            prop_assert_eq!(state.last_event_at, Some(event.occurred_at));
        }
    }
}
