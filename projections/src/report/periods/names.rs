//! What people call periods, in English and Persian.

use super::{Calendar, Interval, Numbers, Period};
use crate::business_time::zone;
use crate::definition::document::CalendarName;
use chrono::Weekday;

/// A language in which people are told of periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Persian, with Persian digits.
    Persian,
}

const GREGORIAN_ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const JALALI_ENGLISH: [&str; 12] = [
    "Farvardin",
    "Ordibehesht",
    "Khordad",
    "Tir",
    "Mordad",
    "Shahrivar",
    "Mehr",
    "Aban",
    "Azar",
    "Dey",
    "Bahman",
    "Esfand",
];
/// As they stand before a year.
const GREGORIAN_PERSIAN: [&str; 12] =
    ["ژانویهٔ", "فوریهٔ", "مارس", "آوریل", "مهٔ", "ژوئن", "ژوئیهٔ", "اوت", "سپتامبر", "اکتبر", "نوامبر", "دسامبر"];
const JALALI_PERSIAN: [&str; 12] =
    ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"];
/// The quarters of a year that begins at Nowruz.
const SEASONS: [&str; 4] = ["بهار", "تابستان", "پاییز", "زمستان"];
const GREGORIAN_QUARTERS: [&str; 4] = ["سه‌ماههٔ اول", "سه‌ماههٔ دوم", "سه‌ماههٔ سوم", "سه‌ماههٔ چهارم"];

impl Calendar {
    /// What people call a period: "3 January 2026", "week of 3 January 2026", "January 2026", "Q1 2026", "2026"; an
    /// hour "3 January 2026, 08:00", with its offset where clocks show it twice. In Persian "۱۳ دی ۱۴۰۴", "هفتهٔ ۱۳ دی
    /// ۱۴۰۴", "دی ۱۴۰۴", "زمستان ۱۴۰۴".
    #[must_use]
    pub fn name(&self, interval: Interval, period: &Period, language: Language) -> String {
        let date = self.first_numbers(interval, period);
        let (year, month) = (date.year, self.month_name(date, language));
        let day = format!("{} {month} {year}", date.day);
        let name = match (interval, language) {
            (Interval::Hour, Language::English) => format!("{day}, {}", self.time(period)),
            (Interval::Hour, Language::Persian) => format!("{day}، {}", self.time(period)),
            (Interval::Day, _) => day,
            (Interval::Week, Language::English) => format!("week of {day}"),
            (Interval::Week, Language::Persian) => format!("هفتهٔ {day}"),
            (Interval::Month, _) => format!("{month} {year}"),
            (Interval::Quarter, _) => format!("{} {year}", self.quarter_name(date, language)),
            (Interval::Year, _) => year.to_string(),
        };
        if language == Language::Persian { in_persian_digits(&name) } else { name }
    }

    /// What a day of the week, from 1, is called in full.
    #[must_use]
    pub fn weekday_in(&self, weekday: u32, language: Language) -> &'static str {
        let (english, persian) = match self.weekday(weekday) {
            Weekday::Mon => ("Monday", "دوشنبه"),
            Weekday::Tue => ("Tuesday", "سه‌شنبه"),
            Weekday::Wed => ("Wednesday", "چهارشنبه"),
            Weekday::Thu => ("Thursday", "پنجشنبه"),
            Weekday::Fri => ("Friday", "جمعه"),
            Weekday::Sat => ("Saturday", "شنبه"),
            Weekday::Sun => ("Sunday", "یکشنبه"),
        };
        if language == Language::English { english } else { persian }
    }

    /// The hour, with its offset if the hour before or after shows the same.
    fn time(&self, period: &Period) -> String {
        let shown = |micros| (zone::date_at(self.zone, micros), self.hour_shown(micros));
        let hour = shown(period.start);
        let twice = shown(period.start.saturating_sub(1)) == hour || shown(period.end) == hour;
        let time = format!("{:02}:00", hour.1);
        if twice { format!("{time} ({})", self.offset_at(period.start)) } else { time }
    }

    fn month_name(&self, date: Numbers, language: Language) -> &'static str {
        let names = match (self.calendar, language) {
            (CalendarName::Gregorian, Language::English) => &GREGORIAN_ENGLISH,
            (CalendarName::Gregorian, Language::Persian) => &GREGORIAN_PERSIAN,
            (CalendarName::Jalali, Language::English) => &JALALI_ENGLISH,
            (CalendarName::Jalali, Language::Persian) => &JALALI_PERSIAN,
        };
        nth(names, date.month)
    }

    fn quarter_name(&self, date: Numbers, language: Language) -> &'static str {
        let names = match (self.calendar, language) {
            (_, Language::English) => &["Q1", "Q2", "Q3", "Q4"],
            (CalendarName::Gregorian, Language::Persian) => &GREGORIAN_QUARTERS,
            (CalendarName::Jalali, Language::Persian) => &SEASONS,
        };
        nth(names, date.quarter())
    }
}

/// The name with a number from 1; a calendar counts no further than it has names.
fn nth(names: &[&'static str], number: u32) -> &'static str {
    names.iter().zip(1..).find(|(_, nth)| *nth == number).map_or("", |(name, _)| name)
}

/// The text with Persian digits in place of Latin ones.
pub(crate) fn in_persian_digits(text: &str) -> String {
    let persian = |digit: u32| char::from_u32('۰' as u32 + digit);
    text.chars().map(|c| c.to_digit(10).and_then(persian).unwrap_or(c)).collect()
}
