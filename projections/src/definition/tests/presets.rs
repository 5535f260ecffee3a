//! Each preset reads, and says what its comments say.

use crate::definition::document::{CalendarName, Definition, Holiday, OneTouchCounts, ScheduleChosen, WeekStart};
use crate::definition::presets;
use chrono::{Datelike as _, NaiveDate, Weekday};

fn preset(name: &str) -> Definition {
    Definition::from_toml(presets::text(name).unwrap()).unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"))
}

#[test]
fn every_preset_is_valid_and_bears_its_name() {
    let names: Vec<_> = presets::names().collect();
    assert_eq!(names, ["default", "zendesk", "freshdesk", "chatwoot", "zammad", "iran"]);
    assert!(names.iter().all(|name| preset(name).name == *name));
    assert_eq!(presets::all().map(|preset| preset.name).collect::<Vec<_>>(), names);
    assert_eq!(preset("default"), Definition::default(), "what the file writes out are the defaults");
}

#[test]
fn zendesk_counts_as_its_comments_say() {
    let zendesk = preset("zendesk");
    assert_eq!(zendesk.one_touch.counts, OneTouchCounts::AtMostOne);
    assert_eq!(zendesk.schedule.chosen, ScheduleChosen::AtEnd);
}

#[test]
fn iran_works_from_saturday_on_by_its_own_calendar() {
    let iran = preset("iran");
    assert_eq!((iran.calendar, iran.week_start), (CalendarName::Jalali, WeekStart::Saturday));
    assert_eq!(iran.schedules[0].holidays.len(), 10 + 3 * 18);
    let dated = iran.schedules[0].holidays.iter().filter_map(|holiday| match holiday {
        Holiday::Date(date) => Some(*date),
        Holiday::Yearly { .. } => None,
    });
    // Days of the lunar calendar are the same distance apart in every year: from Ashura to Arbaeen 39 or 40 days.
    let dates: Vec<_> = dated.collect();
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
    for (ashura, arbaeen) in
        [(day(2024, 7, 16), day(2024, 8, 25)), (day(2025, 7, 6), day(2025, 8, 14)), (day(2026, 6, 25), day(2026, 8, 4))]
    {
        assert!(dates.contains(&ashura) && dates.contains(&arbaeen));
        assert!((39..=40).contains(&(arbaeen - ashura).num_days()));
    }
    assert_eq!(day(2025, 3, 31).weekday(), Weekday::Mon, "Fitr of 1404 was a Monday");
}

#[test]
fn a_report_beyond_the_known_holidays_is_warned_of() {
    let iran = preset("iran");
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
    assert!(iran.warnings(day(2024, 3, 20), day(2027, 3, 20)).is_empty(), "1403-01-01 to 1405-12-29");
    let told = iran.warnings(day(2024, 3, 19), day(2027, 3, 21));
    assert_eq!(
        told,
        [
            "holidays of schedule office are not known for 1402 and 1406: it names dates of 1403 to 1405 only, so business \
          time there may be too long"
        ]
    );
    let told = iran.warnings(day(2020, 1, 1), day(2022, 1, 1));
    assert!(told[0].contains("not known for 1398 to 1400:"), "{told:?}");
    let calendar = iran.with("clock", "calendar").unwrap();
    assert!(calendar.warnings(day(2020, 1, 1), day(2022, 1, 1)).is_empty(), "nobody asks for hours");
    let valid = iran.with("schedules.0.from", "2024-03-20").unwrap();
    assert!(valid.warnings(day(2020, 1, 1), day(2025, 1, 1)).is_empty(), "before that it says nothing");
    assert!(valid.warnings(day(2020, 1, 1), day(2022, 1, 1)).is_empty());
    assert!(preset("freshdesk").warnings(day(1990, 1, 1), day(2022, 1, 1)).is_empty(), "it has no dated holidays");
}

#[test]
fn the_first_definition_of_the_guide_is_one() {
    let guide = include_str!("../../../../docs/definitions.md");
    let example = guide.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let definition = Definition::from_toml(example).unwrap();
    assert_eq!((definition.name.as_str(), definition.targets.len()), ("support", 2));
}

#[test]
fn the_guide_names_every_field() {
    let guide = include_str!("../../../../docs/definitions.md");
    let document = serde_json::to_value(Definition::default()).unwrap();
    for (name, value) in document.as_object().unwrap() {
        let own: Vec<_> = value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
        let paths =
            if own.is_empty() { vec![name.clone()] } else { own.iter().map(|f| format!("{name}.{f}")).collect() };
        assert!(paths.iter().all(|path| guide.contains(&format!("| `{path}`"))), "{paths:?}");
    }
}
