//! Whether the proportions are those of a real desk, within loose bounds.

use super::super::hours::{hour_of_week, is_office_hour, local_hour};
use super::super::people::Agent;
use super::*;
use daftar_domain::Actor;
use daftar_domain::satisfaction::{Scale, Score};
use std::sync::LazyLock;

static DESK: LazyLock<CarriedOut> = LazyLock::new(|| carried_out(&plan(5_000).acts()));

fn tickets() -> impl Iterator<Item = &'static Ticket> {
    DESK.tickets.values().map(|told| &told.ticket)
}

fn kinds() -> impl Iterator<Item = &'static EventKind> {
    DESK.tickets.values().flat_map(|told| &told.events).map(|event| &event.kind)
}

fn count(of: impl Fn(&EventKind) -> bool) -> usize {
    kinds().filter(|kind| of(kind)).count()
}

/// Whether so many of so many is so many per cent.
fn assert_percent(what: &str, count: usize, of: usize, within: std::ops::RangeInclusive<usize>) {
    let percent = count * 100 / of;
    println!("{what}: {percent} % ({count} of {of})");
    assert!(within.contains(&percent), "{what}: {percent} % ({count} of {of}) is not within {within:?}");
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
}

/// A score on the common scale from 0 to 1.
fn mapped(score: Score) -> f64 {
    let (low, high) = score.scale().range();
    f64::from(score.score() - low) / f64::from(high - low)
}

fn is_positive(score: Score) -> bool {
    let from = match score.scale() {
        Scale::Binary => 1,
        Scale::Four => 3,
        Scale::Five => 4,
    };
    score.score() >= from
}

#[test]
fn the_history_is_as_long_as_one_reads_in_a_demo() {
    let events = kinds().count();
    println!("{events} events");
    assert!((50_000..75_000).contains(&events), "{events}: ten to fifteen events a ticket");
}

#[test]
fn tickets_arrive_in_office_hours_mostly_and_least_on_fridays() {
    let mut weekdays = [0; 7];
    let mut hours = [0; 24];
    for ticket in tickets() {
        let hour = hour_of_week(local_hour(ticket.opened_at.unwrap().micros()));
        weekdays[hour / 24] += 1;
        hours[hour % 24] += 1;
    }
    println!("{weekdays:?} {hours:?}");
    assert!(weekdays[..6].iter().all(|day| *day > weekdays[6]), "Friday is the day off: {weekdays:?}");
    assert!(weekdays[0] > weekdays[5], "Saturday takes what gathered; Thursday is half a day: {weekdays:?}");
    assert_percent("opened from 8 to 17", hours[8..17].iter().sum(), 5_000, 60..=80);
    assert!(hours[11] > hours[13] && hours[16] > hours[13], "a peak before lunch and one after: {hours:?}");
}

#[test]
fn the_desk_grows() {
    let middle = until().micros() - DAYS * DAY / 2;
    let later = tickets().filter(|ticket| ticket.opened_at.unwrap().micros() >= middle).count();
    assert_percent("opened in the second half", later, 5_000, 52..=65);
}

#[test]
fn agents_answer_in_office_hours_mostly() {
    let answers: Vec<usize> = DESK
        .tickets
        .values()
        .flat_map(|told| &told.events)
        .filter(|event| matches!(event.kind, EventKind::ReplyPosted { .. }))
        .filter(|event| event.by.as_ref().is_some_and(|by| by.agent().is_some()))
        .map(|event| hour_of_week(local_hour(event.occurred_at.micros())))
        .collect();
    let in_office = answers.iter().filter(|hour| is_office_hour(**hour / 24, **hour % 24)).count();
    assert_percent("answered in office hours", in_office, answers.len(), 80..=98);
}

#[test]
fn what_happens_to_tickets_happens_as_often_as_it_should() {
    let of = 5_000;
    let some = |has: fn(&Told) -> bool| DESK.tickets.values().filter(|told| has(told)).count();
    assert_percent("ever voided", count(|kind| matches!(kind, EventKind::TicketVoided { .. })), of, 1..=4);
    assert!(count(|kind| matches!(kind, EventKind::TicketRestored)) > 3);
    let transferred = some(|told| told.has(|kind| matches!(kind, EventKind::TicketTransferred { .. })));
    assert_percent("transferred", transferred, of, 8..=16);
    let held = some(|told| told.has(|kind| matches!(kind, EventKind::TicketHeld { .. })));
    assert_percent("held", held, of, 10..=22);
    let reopened = some(|told| told.ticket.cycle > 1);
    assert_percent("reopened", reopened, of, 5..=13);
    let closed_once = some(|told| !told.ticket.closings.is_empty());
    assert_percent("ever closed", closed_once, of, 96..=99);
}

#[test]
fn customers_rate_a_quarter_of_the_answers_and_fill_in_two_surveys_of_five() {
    let answers: Vec<_> =
        tickets().flat_map(|ticket| &ticket.replies).filter(|reply| reply.is_public_agent_reply()).collect();
    let rated: Vec<Score> = answers.iter().filter_map(|reply| reply.rating).collect();
    assert_percent("rated", rated.len(), answers.len(), 20..=30);
    assert_percent("rated well", rated.iter().filter(|score| is_positive(**score)).count(), rated.len(), 65..=88);
    let offered: Vec<_> =
        tickets().flat_map(|ticket| &ticket.closings).filter(|closing| closing.survey_offered).collect();
    let overall: Vec<Score> = offered.iter().filter_map(|closing| closing.survey.as_ref()?.overall).collect();
    assert_percent("answered", overall.len(), offered.len(), 33..=46);
    assert_percent(
        "answered well",
        overall.iter().filter(|score| is_positive(**score)).count(),
        overall.len(),
        62..=85,
    );
    let five = overall.iter().filter(|score| score.scale() == Scale::Five).count();
    assert_percent("on the scale of five", five, overall.len(), 65..=85);
}

#[test]
fn better_agents_are_rated_better() {
    let by_skill = |better: bool| -> Vec<f64> {
        tickets()
            .flat_map(|ticket| &ticket.replies)
            .filter(|reply| {
                reply.author.agent().and_then(Agent::known_as).is_some_and(|agent| (agent.skill > 0.2) == better)
            })
            .filter_map(|reply| reply.rating.map(mapped))
            .collect()
    };
    let (better, others) = (mean(&by_skill(true)), mean(&by_skill(false)));
    println!("rated {better} and {others}");
    assert!(better > others + 0.08, "rated {better} on average, the others {others}");
}

#[test]
fn who_waits_longer_is_less_satisfied() {
    let mut waits: Vec<(i64, f64)> = tickets()
        .filter_map(|ticket| {
            let first = ticket.replies.iter().find(|reply| reply.is_public_agent_reply())?;
            let overall = ticket.closings.first()?.survey.as_ref()?.overall?;
            Some((first.posted_at.micros() - ticket.opened_at?.micros(), mapped(overall)))
        })
        .collect();
    waits.sort_by_key(|(wait, _)| *wait);
    let scores: Vec<f64> = waits.iter().map(|(_, score)| *score).collect();
    let third = scores.len() / 3;
    let (soon, late) = (mean(&scores[..third]), mean(&scores[scores.len() - third..]));
    println!("{} answers; {soon} and {late}", scores.len());
    assert!(soon > late + 0.06, "{soon} for the third answered soonest, {late} for the third answered last");
}

#[test]
fn first_answers_come_within_a_day_mostly() {
    let mut waits: Vec<i64> = tickets()
        .filter_map(|ticket| {
            let first = ticket.replies.iter().find(|reply| reply.is_public_agent_reply())?;
            Some((first.posted_at.micros() - ticket.opened_at?.micros()) / 60_000_000)
        })
        .collect();
    waits.sort_unstable();
    let at = |percent: usize| waits[waits.len() * percent / 100];
    println!("minutes: {} {} {} {} {}", at(10), at(50), at(75), at(90), at(99));
    assert!((45..420).contains(&at(50)), "the median is {} minutes", at(50));
    let within = waits.iter().filter(|wait| **wait < 24 * 60).count();
    assert_percent("first answers within 24 hours", within, waits.len(), 80..=96);
}

#[test]
fn every_language_channel_branch_and_department_appears() {
    let with = |is: fn(&Ticket) -> Option<&str>, value: &str| tickets().filter(|t| is(t) == Some(value)).count();
    let language = |t: &'static Ticket| t.language.as_ref().map(daftar_domain::ids::Language::as_str);
    assert_percent("Persian", tickets().filter(|t| language(t) == Some("fa")).count(), 5_000, 60..=80);
    assert_percent("English", tickets().filter(|t| language(t) == Some("en")).count(), 5_000, 17..=33);
    assert!(tickets().any(|t| language(t) == Some("ar")));
    for channel in ["email", "web", "chat", "phone", "telegram"] {
        assert!(with(|t| t.channel.as_ref().map(|id| id.as_str()), channel) > 300, "{channel}");
    }
    for department in people::DEPARTMENTS {
        assert!(with(|t| t.department.as_ref().map(|id| id.as_str()), department) > 300, "{department}");
    }
    let branches: HashSet<_> = tickets().map(|t| &t.branch).collect();
    let agents: HashSet<_> = tickets().filter_map(|t| t.agent.as_ref()).collect();
    let customers: HashSet<_> = tickets().map(|t| &t.customer).collect();
    assert_eq!((branches.len(), agents.len()), (5, 24));
    assert!((700..2_500).contains(&customers.len()), "{}", customers.len());
}

#[test]
fn automation_and_customers_close_some_tickets() {
    let closings: Vec<_> = tickets().flat_map(|ticket| &ticket.closings).collect();
    let by = |is: fn(&Actor) -> bool| closings.iter().filter(|closing| is(&closing.by)).count();
    assert_percent("closed by agents", by(|by| by.agent().is_some()), closings.len(), 70..=90);
    assert_percent("closed by automation", by(|by| matches!(by, Actor::Automation(_))), closings.len(), 8..=25);
    assert_percent("closed by customers", by(Actor::is_customer), closings.len(), 1..=7);
    for reason in ["solved", "no_answer", "duplicate", "wont_fix"] {
        assert!(closings.iter().any(|closing| closing.reason.as_ref().is_some_and(|id| id.as_str() == reason)));
    }
}
