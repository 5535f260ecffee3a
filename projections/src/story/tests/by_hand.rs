//! Exact sentences.

use super::story;
use crate::definition::document::{
    CalendarName, Clock, Definition, Excluded, Pause, Per, Schedule, ScheduleChosen, Weekday,
};
use crate::report::periods::Language;
use crate::story::{Asked, Effect, Seen, Told, Why};
use crate::test_support::{Answers, Entry, Story as Deed, Who, closed, history, minutes, opened};
use crate::ticket_facts::Doing;
use daftar_eventlog::Position;

pub(super) const SARA: Who = Who::Agent("sara");

/// Business time in Tehran, Saturday to Wednesday from 09:00 to 17:00, on the Gregorian calendar.
///
/// 2026-01-03 is a Saturday; minute 0 of a history is 03:30 of Thursday 2026-01-01 in Tehran.
fn office() -> Definition {
    let days = [Weekday::Saturday, Weekday::Sunday, Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday];
    let hours = || vec!["09:00-17:00".parse().unwrap()];
    let weekly = days.into_iter().map(|day| (day, hours())).collect();
    let time_zone = "Asia/Tehran".parse().unwrap();
    let schedule = Schedule { name: "office".to_owned(), time_zone, weekly, ..Schedule::default() };
    Definition { time_zone, clock: Clock::Business, schedules: vec![schedule], ..Definition::default() }
}

#[test]
fn a_wait_that_a_closing_dropped_is_told_up_to_it() {
    let entries = history(
        1,
        [(0, opened(Who::Customer)), (10, Deed::Replied(SARA)), (20, Deed::Replied(Who::Customer)), (50, closed(SARA))],
    );
    let told = tell(&Definition::default(), &entries, "next_response.breached", 3, Language::English);
    assert_eq!(
        told.words,
        "public message by the customer Thu 1 January 2026 00:20, no next public reply until 00:50: 30 min counted"
    );
    assert_eq!(told.versions, [3]);
}

/// The minute of a local time of a day in January 2026 in Tehran, 3 h 30 min ahead of UTC.
fn tehran(day: i64, hour: i64, minute: i64) -> i64 {
    (day - 1) * 1440 + hour * 60 + minute - 210
}

fn tell(definition: &Definition, entries: &[Entry], figure: &str, event: u64, language: Language) -> Told {
    story(definition, entries, 1).tell(figure, Position(1 + event), language)
}

#[test]
fn the_example_of_the_issue() {
    let entries = history(1, [(tehran(3, 8, 12), opened(Who::Customer)), (tehran(3, 9, 40), Deed::Replied(SARA))]);
    let told = tell(&office(), &entries, "first_response", 2, Language::English);
    assert_eq!(
        told.words,
        "opened Sat 3 January 2026 08:12, office opens 09:00, first public reply by sara 09:40: 40 min counted"
    );
    assert_eq!((told.cycle, told.versions), (1, vec![1, 2]));
    let jalali = Definition { calendar: CalendarName::Jalali, ..office() };
    let told = tell(&jalali, &entries, "first_response", 2, Language::Persian);
    assert_eq!(
        told.words,
        "شنبه ۱۳ دی ۱۴۰۴ ساعت ۰۸:۱۲ باز شد، ساعت ۰۹:۰۰ دفتر باز می‌شود، ساعت ۰۹:۴۰ نخستین پاسخ عمومی از \u{2068}sara\u{2069}: ۴۰ دقیقه \
         شمرده شد"
    );
}

#[test]
fn a_pause_is_told_with_its_ends() {
    let mut definition = office();
    definition.pauses = vec![Pause::WaitingForCustomer];
    let entries = history(
        1,
        [
            (tehran(3, 9, 0), opened(Who::Customer)),
            (tehran(3, 10, 0), Deed::Replied(SARA)),
            (tehran(3, 11, 30), Deed::Replied(Who::Customer)),
            (tehran(3, 12, 0), closed(SARA)),
        ],
    );
    let told = tell(&definition, &entries, "full_resolution", 4, Language::English);
    assert_eq!(
        told.words,
        "opened Sat 3 January 2026 09:00, waiting for the customer from 10:00 to 11:30 (not counted), closed by sara \
         12:00: 1 h 30 min counted (1 h + 30 min)"
    );
    assert_eq!((told.value, told.versions), (Some(90 * 60_000_000), vec![1, 4]));
    let paused = told.segments[1];
    assert_eq!(
        (paused.from, paused.to, paused.counted, paused.why),
        (minutes(tehran(3, 10, 0)), minutes(tehran(3, 11, 30)), false, Why::Doing(Doing::WaitingForCustomer))
    );
    let told = tell(&definition, &entries, "full_resolution", 4, Language::Persian);
    assert_eq!(
        told.words,
        "شنبه ۳ ژانویهٔ ۲۰۲۶ ساعت ۰۹:۰۰ باز شد، از ساعت ۱۰:۰۰ تا ساعت ۱۱:۳۰ در انتظار مشتری (شمرده نشد)، ساعت ۱۲:۰۰ به دست \
         \u{2068}sara\u{2069} بسته شد: ۱ ساعت و ۳۰ دقیقه شمرده شد (۱ ساعت + ۳۰ دقیقه)"
    );
}

#[test]
fn a_transfer_brings_the_hours_of_the_new_department() {
    let mut definition = office();
    definition.schedule.chosen = ScheduleChosen::AtEachMoment;
    let mut billing = definition.schedules[0].clone();
    billing.name = "billing".to_owned();
    billing.departments = vec!["billing".to_owned()];
    billing.weekly.values_mut().for_each(|hours| *hours = vec!["10:00-14:00".parse().unwrap()]);
    definition.schedules.insert(0, billing);
    let entries = history(
        1,
        [
            (tehran(3, 12, 0), opened(Who::Customer)),
            (tehran(3, 13, 0), Deed::Transferred(Some("billing"))),
            (tehran(3, 15, 30), Deed::Replied(SARA)),
        ],
    );
    let told = tell(&definition, &entries, "first_response", 3, Language::English);
    assert_eq!(
        told.words,
        "opened Sat 3 January 2026 12:00, hours of billing from 13:00, office closes 14:00, first public reply by sara \
         15:30: 2 h counted (1 h + 1 h)"
    );
    assert_eq!(told.value, Some(120 * 60_000_000));
    let told = tell(&definition, &entries, "transfers", 2, Language::English);
    assert_eq!(told.words, "transferred from technical to billing Sat 3 January 2026 13:00");
    assert_eq!(told.versions, [2]);
}

fn reopened() -> Vec<Entry> {
    history(
        1,
        [(0, opened(Who::Customer)), (60, closed(SARA)), (180, Deed::Reopened(Who::Customer)), (240, closed(SARA))],
    )
}

#[test]
fn a_reopened_ticket_is_resolved_at_its_last_closing() {
    let mut definition = Definition::default();
    let told = tell(&definition, &reopened(), "full_resolution", 4, Language::English);
    assert_eq!(told.words, "opened Thu 1 January 2026 00:00, closed by sara 04:00: 4 h counted");
    assert_eq!((told.cycle, told.versions), (2, vec![1, 4]));
    definition.resolution.excludes = vec![Excluded::ClosedSpans];
    let told = tell(&definition, &reopened(), "full_resolution", 4, Language::English);
    assert_eq!(
        told.words,
        "opened Thu 1 January 2026 00:00, closed from 01:00 to 03:00 (not counted), closed by sara 04:00: 2 h counted \
         (1 h + 1 h)"
    );
    definition.resolution.per = Per::Cycle;
    let told = tell(&definition, &reopened(), "full_resolution", 4, Language::English);
    assert_eq!(told.words, "reopened by the customer Thu 1 January 2026 03:00, closed by sara 04:00: 1 h counted");
    assert_eq!((told.cycle, told.versions), (2, vec![3, 4]));
}

#[test]
fn a_reopening_is_told_with_the_closing_it_undoes() {
    let told = tell(&Definition::default(), &reopened(), "reopenings", 3, Language::English);
    assert_eq!(told.words, "closed by sara Thu 1 January 2026 01:00, reopened by the customer 03:00");
    assert_eq!(told.versions, [2, 3]);
    let told = tell(&Definition::default(), &reopened(), "reopen_rate", 2, Language::English);
    assert_eq!(told.words, "closed by sara Thu 1 January 2026 01:00, reopened by the customer 03:00");
}

#[test]
fn an_answer_that_changed_is_told_with_the_other() {
    let answered = |score| {
        let answers = Answers { overall: Some((2, score)), nps: Some(9), ..Answers::default() };
        Deed::Answered { closing: 1, answers }
    };
    let offered = Deed::Closed { by: SARA, offered: true, reason: None };
    let entries = history(1, [(0, opened(Who::Customer)), (60, offered), (120, answered(2)), (180, answered(5))]);
    let csat = |event| tell(&Definition::default(), &entries, "csat", event, Language::English);
    assert_eq!(
        csat(3).words,
        "closed by sara Thu 1 January 2026 01:00; survey of closing 1 answered 02:00 with 2 of 5; replaced by 5 of 5 03:00"
    );
    assert_eq!(
        csat(4).words,
        "closed by sara Thu 1 January 2026 01:00; survey of closing 1 answered 03:00 with 5 of 5; in place of 2 of 5, \
         given 02:00"
    );
    assert_eq!((csat(4).cycle, csat(4).versions), (1, vec![2, 4]));
    let told = tell(&Definition::default(), &entries, "response_rate", 2, Language::English);
    assert_eq!(told.words, "closed by sara Thu 1 January 2026 01:00, survey first answered 02:00");
}

#[test]
fn a_survey_without_counted_answers_is_told_without_brackets() {
    let answered = Deed::Answered { closing: 1, answers: Answers::default() };
    let entries = history(1, [(0, opened(Who::Customer)), (60, closed(SARA)), (120, answered)]);
    let words = |language| tell(&Definition::default(), &entries, "opened", 3, language).words;
    assert_eq!(
        words(Language::English),
        "survey of closing 1 answered Thu 1 January 2026 02:00 with nothing that is counted"
    );
    let persian = words(Language::Persian);
    assert!(persian.ends_with("پاسخی داده شد که شمرده نمی‌شود") && !persian.contains("()"), "{persian}");
}

#[test]
fn an_unanswered_ticket_is_told_up_to_the_instant_asked() {
    let entries = history(1, [(0, opened(Who::Customer)), (30, Deed::Replied(Who::Customer))]);
    let story = story(&Definition::default(), &entries, 1);
    let asked = Asked { until: Some(minutes(90)), ..Asked::of("unanswered", Seen::Event(Position(2))) };
    let tell = |language| story.answer(&asked, language);
    assert_eq!(
        tell(Language::English).words,
        "opened Thu 1 January 2026 00:00, no first public reply until 01:30: 1 h 30 min counted"
    );
    assert_eq!(
        tell(Language::Persian).words,
        "پنجشنبه ۱ ژانویهٔ ۲۰۲۶ ساعت ۰۰:۰۰ باز شد، تا ساعت ۰۱:۳۰ بدون نخستین پاسخ عمومی: ۱ ساعت و ۳۰ دقیقه شمرده شد"
    );
    assert_eq!((tell(Language::English).cycle, tell(Language::English).versions), (1, vec![1]));
}

#[test]
fn a_target_is_told_with_how_far_it_was_missed() {
    let late = history(1, [(0, opened(Who::Customer)), (1500, Deed::Replied(SARA))]);
    let told = tell(&Definition::default(), &late, "first_response.breached", 2, Language::English);
    assert_eq!(
        told.words,
        "opened Thu 1 January 2026 00:00, first public reply by sara Fri 2 January 2026 01:00: 25 h counted; target of \
         24 h breached by 1 h"
    );
    let waiting = story(&Definition::default(), &late[..1], 1);
    let look = |at| Seen::Look { at: minutes(at), before: minutes(at) };
    let told = |at| waiting.answer(&Asked::of("first_response.running", look(at)), Language::English).words;
    assert_eq!(
        told(60),
        "opened Thu 1 January 2026 00:00, no first public reply until 01:00: 1 h counted; target of 24 h, 23 h left"
    );
    assert!(told(1500).ends_with(": 25 h counted; target of 24 h breached by 1 h"));
}

#[test]
fn a_target_in_business_days_is_told_as_the_cell_has_it() {
    let mut definition = Definition::default();
    definition.targets[0].within = "3bd".parse().unwrap();
    let entries = history(1, [(0, opened(Who::Customer)), (60, Deed::Replied(SARA))]);
    let words = |figure| tell(&definition, &entries, figure, 2, Language::English).words;
    let met =
        "opened Thu 1 January 2026 00:00, first public reply by sara 01:00: 1 h counted; target of 3 business days met";
    assert_eq!(words("first_response.met"), met);
    assert!(words("first_response.breached").ends_with("1 h counted; target of 3 business days breached"));
    assert!(words("first_response.share").ends_with("1 h counted; target of 3 business days"));
}

#[test]
fn many_days_are_counted_and_not_listed() {
    let entries = history(1, [(tehran(3, 16, 0), opened(Who::Customer)), (tehran(7, 10, 0), Deed::Replied(SARA))]);
    let told = tell(&office(), &entries, "first_response", 2, Language::English);
    assert_eq!(
        told.words,
        "opened Sat 3 January 2026 16:00, over 5 office days, first public reply by sara Wed 7 January 2026 10:00: 26 h \
         counted"
    );
}

#[test]
fn of_many_pauses_six_are_spelt_out() {
    let definition = Definition { pauses: vec![Pause::WaitingForCustomer], ..Definition::default() };
    let turns = (0..8).flat_map(|n| [(10 + 20 * n, Deed::Replied(SARA)), (20 + 20 * n, Deed::Replied(Who::Customer))]);
    let entries = history(1, [(0, opened(Who::Customer))].into_iter().chain(turns).chain([(170, closed(SARA))]));
    let told = tell(&definition, &entries, "open_time", 18, Language::English).words;
    assert_eq!(told.matches("(not counted)").count(), 6);
    assert!(told.ends_with(" (not counted), and 2 more, closed by sara 02:50: 1 h 30 min counted"), "{told}");
}

#[test]
fn the_whole_story_says_what_was_taken_back() {
    let rated = |satisfied| Deed::Rated { reply: 1, satisfied };
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (10, Deed::Replied(SARA)),
            (20, rated(false)),
            (30, rated(true)),
            (60, closed(SARA)),
            (120, Deed::Reopened(Who::Customer)),
            (130, Deed::Voided),
        ],
    );
    let lines = [
        "opened Thu 1 January 2026 00:00; waiting for an agent",
        "public reply by sara 00:10; first response: 10 min; waiting for the customer",
        "reply 1 rated dissatisfied 00:20; replaced by satisfied 00:30",
        "reply 1 rated satisfied 00:30; in place of dissatisfied, given 00:20",
        "closed by sara 01:00; first resolution: 1 h; full resolution: 1 h; stay in the department: 1 h; taken back by \
         the reopening 02:00",
        "reopened by the customer 02:00; takes back the full resolution of the closing before; waiting for an agent",
        "voided as spam 02:10; out of every figure until restored",
    ];
    assert_eq!(story(&Definition::default(), &entries, 1).whole(Language::English), lines);
    let persian = story(&Definition::default(), &entries, 1).whole(Language::Persian);
    assert_eq!(persian[3], "ساعت ۰۰:۳۰ به پاسخ شمارهٔ ۱ امتیاز راضی داده شد؛ به جای ناراضی که ساعت ۰۰:۲۰ داده شده بود");
}

#[test]
fn each_event_tells_the_values_that_it_measured_and_what_took_them_back() {
    let answers = Answers { overall: Some((2, 4)), nps: Some(9), ..Answers::default() };
    let entries = history(
        1,
        [
            (0, opened(Who::Customer)),
            (10, Deed::Replied(SARA)),
            (60, closed(SARA)),
            (70, Deed::Answered { closing: 1, answers: answers.clone() }),
            (80, Deed::Answered { closing: 1, answers: Answers { overall: Some((2, 2)), ..answers } }),
            (120, Deed::Reopened(Who::Customer)),
        ],
    );
    let definition = Definition::default().with("target.first_response", "5m").unwrap();
    let effects = story(&definition, &entries, 1).effects(Language::English);
    let values = |event: usize| {
        let value = |effect: &Effect| {
            let taken_back = effect.taken_back.map_or(0, |position| position.0);
            (effect.figure.clone(), effect.value.to_string(), effect.good, taken_back)
        };
        effects[event].values.iter().map(value).collect::<Vec<_>>()
    };
    let one = |figure: &str, value: &str, good, taken_back| (figure.to_owned(), value.to_owned(), good, taken_back);
    assert_eq!(values(0), []);
    assert_eq!(values(1), [one("first_response", "600", Some(false), 0)]);
    assert_eq!(effects[1].values[0].target.map(|target| target.to_string()).as_deref(), Some("5m"));
    // The reopening is the seventh event of the log, whose first publishes the definition.
    let closing = values(2);
    let taken: Vec<_> =
        closing.iter().filter(|(.., taken_back)| *taken_back == 7).map(|(figure, ..)| &**figure).collect();
    let of_last = ["open_time", "requester_wait", "customer_wait", "agent_work", "on_hold", "on_hold_customer"];
    let of_last = [&["full_resolution"][..], &of_last, &["on_hold_third_party", "replies_per_closed"]].concat();
    assert_eq!(taken, of_last);
    assert!(closing.contains(&one("first_resolution", "3600", None, 0)), "{closing:?}");
    assert!(closing.contains(&one("customer_wait", "3000", None, 7)), "the customer had the word for 50 minutes");
    assert_eq!(values(3), [one("csat", "4", Some(true), 6), one("nps", "9", None, 6)]);
    assert_eq!(values(4), [one("csat", "2", Some(false), 0), one("nps", "9", None, 0)]);
    assert_eq!(values(5), []);
    assert!(effects[5].words.starts_with("reopened by the customer 02:00"), "{}", effects[5].words);
    assert_eq!((effects[5].version, effects[5].position.0), (6, 7));
    assert_eq!(effects[1].state, "waiting for the customer, assigned to nobody, technical");
    assert_eq!(effects[2].state, "closed, assigned to nobody, technical");
    let persian = &story(&definition, &entries, 1).effects(Language::Persian)[2].state;
    assert_eq!(persian, "بسته، به کسی سپرده نشده، \u{2068}technical\u{2069}");
}
