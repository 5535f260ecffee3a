//! Every rule of conduct as given / when / then.

use super::*;
use crate::actor::Cause;
use crate::spec::given;
use crate::ticket::event::Means;
use crate::ticket::samples::*;

fn every_action() -> Vec<Action> {
    vec![
        Action::Open(Box::new(opening())),
        Action::Assign { agent: sara().agent().cloned() },
        Action::Transfer { branch: Change::Clear, department: Change::Keep },
        Action::ChangePriority { priority: Priority::High },
        Action::ChangeTags { added: tags(&["a"]), removed: tags(&[]) },
        write(Visibility::Public, false),
        write(Visibility::Internal, false),
        Action::RateReply { reply: 1, rating: Score::SATISFIED },
        Action::Hold { waiting_for: HeldFor::Customer },
        Action::Resume,
        close(),
        Action::SubmitSurvey { closing: None, answers: Box::new(nps(9)) },
        Action::Reopen { reason: None },
        Action::Void { reason: reason("spam") },
        Action::Restore,
        Action::RecordFollowUp { means: Means::Call, note: None },
    ]
}

fn names(field: &str) -> impl Fn(&Rejection) -> bool {
    move |refused| matches!(refused, Rejection::Invalid(invalid) if invalid.field == field)
}

fn closed_to(what: ClosedTo) -> impl Fn(&Rejection) -> bool {
    move |refused| *refused == Rejection::Closed { what }
}

fn rate(reply: u32, rating: Score) -> Command {
    wish(Action::RateReply { reply, rating })
}

fn rated(at: i64, reply: u32, rating: Score) -> Event {
    event(at, EventKind::ReplyRated { reply, rating })
}

#[test]
fn opening_makes_a_ticket_once() {
    let open = || wish_of(customer(), Action::Open(Box::new(opening())));
    given([]).at(sec(7)).when(open()).then([opened_by(7, customer())]);
    given([]).at(sec(7)).when(wish(Action::Open(Box::new(opening())))).then([opened(7)]);
    given([opened(1)]).when(open()).then_refused(|r| *r == Rejection::AlreadyOpened);
    given([opened(1), closed(2)]).when(open()).then_refused(|r| *r == Rejection::AlreadyOpened);
}

#[test]
fn nothing_happens_to_a_ticket_never_opened() {
    for action in every_action().into_iter().skip(1) {
        given([]).when(wish_of(sara(), action)).then_refused(|r| *r == Rejection::NotOpened);
    }
}

#[test]
fn events_happen_now_but_never_before_the_last_one() {
    let void = || wish(Action::Void { reason: reason("spam") });
    given([opened(5)]).at(sec(9)).when(void()).then([voided(9)]);
    given([opened(5)]).at(sec(3)).when(void()).then([voided(5)]);
}

#[test]
fn events_carry_who_wanted_them_and_why() {
    let cause = Some(Cause { position: 7, rule: "close-stale@2".into() });
    let command = Command { by: Some(bot()), cause: cause.clone(), action: close() };
    given([opened(1)]).when(command).then([Event { cause, ..event_by(1, bot(), closing()) }]);
    let back = wish_of(customer(), write(Visibility::Public, true));
    let cause = Some(Cause { position: 8, rule: "mail".into() });
    let back = Command { cause: cause.clone(), ..back };
    let both = [reopened(2, customer()), replied(2, customer())].map(|e| Event { cause: cause.clone(), ..e });
    given([opened(1), closed(2)]).when(back).then(both);
}

#[test]
fn assigning_to_somebody_else_counts() {
    let assign = |agent: Option<&str>| Action::Assign { agent: agent.map(AgentId::known_good) };
    let assigned = |agent: &str| event(2, EventKind::TicketAssigned { agent: Some(AgentId::known_good(agent)) });
    given([opened(2)]).when(wish(assign(Some("sara")))).then([assigned("sara")]);
    given([opened(2)]).when(wish(assign(None))).then_nothing();
    given([opened(2), assigned("sara")]).when(wish(assign(Some("sara")))).then_nothing();
    given([opened(2), assigned("sara")]).when(wish(assign(Some("omid")))).then([assigned("omid")]);
    given([opened(2), assigned("sara")])
        .when(wish(assign(None)))
        .then([event(2, EventKind::TicketAssigned { agent: None })]);
}

#[test]
fn transferring_elsewhere_counts() {
    let there = |branch, department| wish(Action::Transfer { branch, department });
    let moved = |branch, department| event(1, EventKind::TicketTransferred { branch, department });
    let billing = || department("billing");
    given([opened(1)]).when(there(Change::Keep, billing())).then([moved(Change::Keep, billing())]);
    given([opened(1)]).when(there(Change::Clear, Change::Keep)).then([moved(Change::Clear, Change::Keep)]);
    let half = (branch("tehran"), billing());
    given([opened(1)]).when(there(half.0.clone(), half.1.clone())).then([moved(half.0, half.1)]);
    given([opened(1)]).when(there(branch("tehran"), department("technical"))).then_nothing();
    given([opened(1)]).when(there(Change::Keep, department("technical"))).then_nothing();
    given([opened(1), moved(Change::Clear, Change::Keep)]).when(there(Change::Clear, Change::Keep)).then_nothing();
    given([opened(1)]).when(there(Change::Keep, Change::Keep)).then_refused(names("branch"));
}

#[test]
fn another_priority_counts() {
    let change = |priority| wish(Action::ChangePriority { priority });
    let urgent = event(1, EventKind::PriorityChanged { priority: Priority::Urgent });
    given([opened(1)]).when(change(Priority::Normal)).then_nothing();
    given([opened(1)]).when(change(Priority::Urgent)).then([urgent.clone()]);
    given([opened(1), urgent]).when(change(Priority::Urgent)).then_nothing();
}

#[test]
fn only_tags_that_really_change_are_told() {
    let change = |added, removed| wish(Action::ChangeTags { added, removed });
    let changed = |added, removed| event(1, EventKind::TagsChanged { added: tags(added), removed: tags(removed) });
    let history = || [opened(1), changed(&["a", "b"], &[])];
    given(history()).when(change(tags(&["a", "c"]), tags(&["b", "d"]))).then([changed(&["c"], &["b"])]);
    given(history()).when(change(tags(&["a"]), tags(&["d"]))).then_nothing();
    given(history()).when(change(tags(&[]), tags(&[]))).then_nothing();
    given(history()).when(change(tags(&["a"]), tags(&["a"]))).then_refused(names("added"));
    given(history()).when(change(numbered_tags(31), tags(&[]))).then_refused(names("added"));
    given(history())
        .when(change(numbered_tags(31), tags(&["a"])))
        .then([event(1, EventKind::TagsChanged { added: numbered_tags(31), removed: tags(&["a"]) })]);
}

#[test]
fn anybody_writes_on_an_open_ticket() {
    for by in [sara(), customer(), bot()] {
        for reopen in [false, true] {
            let write = |visibility| wish_of(by.clone(), write(visibility, reopen));
            given([opened(1)]).when(write(Visibility::Public)).then([replied(1, by.clone())]);
            if by == customer() {
                given([opened(1)]).when(write(Visibility::Internal)).then_refused(names("visibility"));
            } else {
                given([opened(1)]).when(write(Visibility::Internal)).then([noted(1, by.clone())]);
            }
        }
    }
    given([opened(1)]).when(wish(write(Visibility::Public, false))).then_refused(names("author"));
}

#[test]
fn a_closed_ticket_takes_notes_but_no_public_reply() {
    let history = || [opened(1), closed(2)];
    for by in [sara(), bot()] {
        given(history()).when(wish_of(by.clone(), write(Visibility::Internal, true))).then([noted(2, by.clone())]);
        let public = wish_of(by, write(Visibility::Public, false));
        given(history()).when(public).then_refused(|r| r.to_string().contains("reopen it first"));
    }
}

#[test]
fn a_customer_may_reopen_with_a_reply_and_nobody_else() {
    let history = || [opened(1), closed(2)];
    let back = |by| wish_of(by, write(Visibility::Public, true));
    given(history()).when(back(customer())).then([reopened(2, customer()), replied(2, customer())]);
    given(history()).when(back(sara())).then_refused(closed_to(ClosedTo::PublicReply));
    given(history()).when(back(bot())).then_refused(closed_to(ClosedTo::PublicReply));
}

#[test]
fn the_customers_reply_ends_a_hold_for_the_customer_alone() {
    let public = |by| wish_of(by, write(Visibility::Public, false));
    let ended = Event { by: Some(customer()), ..resumed(2) };
    let history = || [opened(1), held(2, HeldFor::Customer)];
    given(history()).when(public(customer())).then([replied(2, customer()), ended]);
    given(history()).when(public(sara())).then([replied(2, sara())]);
    given(history()).when(public(bot())).then([replied(2, bot())]);
    given(history()).when(wish_of(sara(), write(Visibility::Internal, false))).then([noted(2, sara())]);
    let history = [opened(1), held(2, HeldFor::ThirdParty)];
    given(history).when(public(customer())).then([replied(2, customer())]);
}

#[test]
fn public_agent_replies_are_rated_and_rated_anew() {
    let history = || vec![opened(1), noted(2, sara()), replied(3, customer()), replied(4, sara())];
    let with = |more: &[Event]| [history(), more.to_vec()].concat();
    let good = || rated(5, 3, Score::SATISFIED);
    given(history()).at(sec(5)).when(rate(3, Score::SATISFIED)).then([good()]);
    given(with(&[good()])).when(rate(3, Score::SATISFIED)).then_nothing();
    given(with(&[good()])).when(rate(3, Score::DISSATISFIED)).then([rated(5, 3, Score::DISSATISFIED)]);
    given(with(&[good(), closed(6)])).when(rate(3, Score::SATISFIED)).then_nothing();
    given(with(&[closed(6)])).when(rate(3, Score::SATISFIED)).then([rated(6, 3, Score::SATISFIED)]);
}

#[test]
fn nothing_else_is_rated() {
    let history = || [opened(1), noted(2, sara()), replied(3, customer()), replied(4, bot())];
    for reply in 1..=3 {
        let refused = Rejection::NotRateable { reply };
        given(history()).when(rate(reply, Score::SATISFIED)).then_refused(|r| *r == refused);
    }
    for reply in [0, 4, u32::MAX] {
        let refused = Rejection::UnknownReply { reply, replies: 3 };
        given(history()).when(rate(reply, Score::SATISFIED)).then_refused(|r| *r == refused);
    }
}

#[test]
fn a_ticket_is_held_and_resumed_while_it_is_open() {
    let hold = |waiting_for| wish(Action::Hold { waiting_for });
    let history = || [opened(1), held(2, HeldFor::Customer)];
    given([opened(1)]).when(hold(HeldFor::Customer)).then([held(1, HeldFor::Customer)]);
    given(history()).when(hold(HeldFor::Customer)).then_nothing();
    given(history()).when(hold(HeldFor::ThirdParty)).then([held(2, HeldFor::ThirdParty)]);
    given(history()).when(wish(Action::Resume)).then([resumed(2)]);
    given([opened(1)]).when(wish(Action::Resume)).then_nothing();
    given([opened(1), closed(2)]).when(hold(HeldFor::Customer)).then_refused(closed_to(ClosedTo::Hold));
    given([opened(1), closed(2)]).when(wish(Action::Resume)).then_refused(closed_to(ClosedTo::Resume));
}

#[test]
fn closing_and_reopening_alternate() {
    let reopen = || wish_of(sara(), Action::Reopen { reason: None });
    given([opened(1)]).when(wish_of(sara(), close())).then([closed(1)]);
    given([opened(1), held(2, HeldFor::ThirdParty)]).when(wish_of(sara(), close())).then([closed(2)]);
    given([opened(1), closed(2)]).when(wish_of(sara(), close())).then_refused(|r| *r == Rejection::AlreadyClosed);
    given([opened(1), closed(2)]).when(reopen()).then([reopened(2, sara())]);
    given([opened(1)]).when(reopen()).then_refused(|r| *r == Rejection::NotClosed);
    given([opened(1), held(2, HeldFor::Customer)]).when(reopen()).then_refused(|r| *r == Rejection::NotClosed);
}

#[test]
fn who_closes_reopens_or_follows_up_is_named() {
    given([opened(1)]).when(wish(close())).then_refused(names("by"));
    given([opened(1), closed(2)]).when(wish(Action::Reopen { reason: None })).then_refused(names("by"));
    let follow_up = Action::RecordFollowUp { means: Means::Call, note: None };
    given([opened(1)]).when(wish(follow_up)).then_refused(names("by"));
}

#[test]
fn a_survey_answers_the_latest_closing_unless_another_is_named() {
    let twice = || [opened(1), closed(2), reopened(3, sara()), closed(4)];
    given(twice()).when(survey(None, nps(9))).then([answered(4, 2, nps(9))]);
    given(twice()).when(survey(Some(1), nps(9))).then([answered(4, 1, nps(9))]);
    for closing in [0, 3, u32::MAX] {
        let refused = Rejection::UnknownClosing { closing, closings: 2 };
        given(twice()).when(survey(Some(closing), nps(9))).then_refused(|r| *r == refused);
    }
    for closing in [None, Some(0), Some(1)] {
        given([opened(1)]).when(survey(closing, nps(9))).then_refused(|r| *r == Rejection::NeverClosed);
    }
}

#[test]
fn an_answer_that_says_nothing_new_changes_nothing() {
    let mut both = nps(9);
    both.comment = Some("thanks".into());
    let history = || [opened(1), closed(2), answered(3, 1, both.clone())];
    given(history()).when(survey(None, both.clone())).then_nothing();
    given(history()).when(survey(None, commented("thanks"))).then_nothing();
    given(history()).when(survey(None, commented("so-so"))).then([answered(3, 1, commented("so-so"))]);
    given([opened(1), closed(2)]).when(survey(None, SurveyAnswers::default())).then_nothing();
}

#[test]
fn an_answer_changes_until_the_reopening_and_a_first_one_comes_at_any_time() {
    let reopened_unanswered = || vec![opened(1), closed(2), reopened(3, sara())];
    given(reopened_unanswered()).when(survey(None, nps(9))).then([answered(3, 1, nps(9))]);
    let settled = || [opened(1), closed(2), answered(2, 1, nps(9)), reopened(3, sara())];
    let refused = Rejection::AnswerSettled { closing: 1 };
    given(settled()).when(survey(None, nps(1))).then_refused(|r| *r == refused);
    given(settled()).when(survey(None, nps(9))).then_nothing();
    let closed_again = || [settled().to_vec(), vec![closed(4)]].concat();
    given(closed_again()).when(survey(Some(1), nps(1))).then_refused(|r| *r == refused);
    given(closed_again()).when(survey(None, nps(1))).then([answered(4, 2, nps(1))]);
    let late = || [reopened_unanswered(), vec![answered(4, 1, nps(9))]].concat();
    given(late()).when(survey(Some(1), nps(1))).then([answered(4, 1, nps(1))]);
    let reopened_again = [late(), vec![closed(5), reopened(6, sara())]].concat();
    given(reopened_again).when(survey(Some(1), nps(1))).then_refused(|r| *r == refused);
}

#[test]
fn voiding_and_restoring_change_a_ticket_once() {
    let void = || wish(Action::Void { reason: reason("spam") });
    given([opened(1)]).when(void()).then([voided(1)]);
    given([opened(1), voided(2)]).when(void()).then_nothing();
    given([opened(1), voided(2)]).when(wish(Action::Restore)).then([event(2, EventKind::TicketRestored)]);
    given([opened(1)]).when(wish(Action::Restore)).then_nothing();
}

#[test]
fn a_voided_ticket_goes_on_as_before() {
    given([opened(1), voided(2)]).when(wish_of(sara(), close())).then([closed(2)]);
}

#[test]
fn each_follow_up_counts() {
    let follow_up = || EventKind::FollowUpRecorded { means: Means::Call, note: Some("sorry".into()) };
    let command = wish_of(sara(), Action::RecordFollowUp { means: Means::Call, note: Some("sorry".into()) });
    let recorded = event_by(2, sara(), follow_up());
    given([opened(1), closed(2), recorded.clone()]).when(command).then([recorded]);
}

#[test]
fn a_closed_ticket_allows_all_but_replies_holds_and_openings() {
    let history = [opened(1), replied(2, sara()), closed(3)];
    let ticket = folded(&history);
    for action in every_action() {
        let refused = decide(&ticket, wish_of(sara(), action.clone()), sec(4)).err();
        let expected = match action {
            Action::Open(_) => Some(Rejection::AlreadyOpened),
            Action::Reply { visibility: Visibility::Public, .. } => {
                Some(Rejection::Closed { what: ClosedTo::PublicReply })
            }
            Action::Hold { .. } => Some(Rejection::Closed { what: ClosedTo::Hold }),
            Action::Resume => Some(Rejection::Closed { what: ClosedTo::Resume }),
            Action::Close { .. } => Some(Rejection::AlreadyClosed),
            _ => None,
        };
        assert_eq!(refused, expected, "{action:?}");
    }
}

#[test]
fn a_full_ticket_takes_no_more() {
    let mut ticket = folded(&[opened(1), closed(2)]);
    ticket.version = 99_999;
    let both = wish_of(customer(), write(Visibility::Public, true));
    assert_eq!(decide(&ticket, both, sec(3)), Err(Rejection::TooManyEvents { limit: 100_000 }), "room for one of two");
    ticket.version = 100_000;
    let note = wish_of(sara(), write(Visibility::Internal, false));
    assert_eq!(decide(&ticket, note, sec(3)), Err(Rejection::TooManyEvents { limit: 100_000 }));
    assert_eq!(decide(&ticket, wish(Action::Restore), sec(3)), Ok(vec![]), "what changes nothing needs no room");
}
