//! Exact sentences.

use super::story;
use crate::definition::document::{CalendarName, Clock, Definition, Schedule, Weekday};
use crate::report::periods::Language;
use crate::story::Told;
use crate::test_support::{Entry, Story as Deed, Who, history, opened};
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
