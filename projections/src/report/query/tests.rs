//! Every rule of a report's parameters, with values worked out by hand.

use super::*;
use crate::definition::document::{CalendarName, WeekStart};

fn parse(report: &str, parameters: &[(&str, &str)]) -> Result<Query, Vec<Invalid>> {
    Query::parse(report, parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn asked(parameters: &[(&str, &str)]) -> Query {
    parse("flow", parameters).unwrap()
}

/// The one thing that is wrong.
fn wrong(name: &str, value: &str) -> Invalid {
    let mut wrong = parse("flow", &[(name, value)]).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    wrong.remove(0)
}

fn instant(text: &str) -> Option<When> {
    Timestamp::parse("", text).ok().map(When::Instant)
}

fn date(text: &str) -> Option<When> {
    text.parse().ok().map(When::Date)
}

#[test]
fn a_report_without_parameters_is_over_everything() {
    for report in ReportName::ALL {
        assert_eq!(parse(report.name(), &[]), Ok(Query::over(report)));
    }
    let wrong = parse("weather", &[]).unwrap_err();
    assert_eq!(wrong[0].field, "report");
    assert_eq!(
        wrong[0].rule,
        "must be one of overview, satisfaction, response-times, resolution-times, flow, leaderboard, targets, volume, \
         backlog, cases, review-queue"
    );
}

#[test]
fn all_parameters_are_read_together() {
    let query = parse(
        "response-times",
        &[
            ("within", "4h"),
            ("from", "2026-01-01"),
            ("to", "2026-02-01T00:00:00+03:30"),
            ("interval", "week"),
            ("group_by", "department,attribute.request_type,tag"),
            ("priority", "high,urgent"),
            ("branch", "tehran,null"),
            ("attribute.request_type", "fault"),
            ("as_of", "48211"),
            ("happened_by", "2026-02-01"),
            ("at", "2026-02-03T10:00:00Z"),
            ("limit", "20"),
            ("definition", "default@0"),
        ],
    )
    .unwrap();
    let request_type = || Dimension::Attribute(AttributeName::known_good("request_type"));
    let expected = Query {
        from: date("2026-01-01"),
        to: instant("2026-01-31T20:30:00Z"),
        interval: Some(Interval::Week),
        group_by: vec![Dimension::Department, request_type(), Dimension::Tag],
        filters: vec![
            (Dimension::Priority, vec![Some("high".to_owned()), Some("urgent".to_owned())]),
            (Dimension::Branch, vec![Some("tehran".to_owned()), None]),
            (request_type(), vec![Some("fault".to_owned())]),
        ],
        as_of: Some(AsOf::Position(48_211)),
        happened_by: date("2026-02-01"),
        at: instant("2026-02-03T10:00:00Z"),
        within: Some(Within::hours(4)),
        limit: Some(20),
        definition: Some("default@0".to_owned()),
        ..Query::over(ReportName::ResponseTimes)
    };
    assert_eq!(query, expected);
}

#[test]
fn every_wrong_parameter_is_named_at_once() {
    let wrong = parse("weather", &[("from", "soon"), ("limit", "0"), ("colour", "red"), ("group_by", "x,y")]);
    let fields: Vec<_> = wrong.unwrap_err().into_iter().map(|invalid| invalid.field).collect();
    assert_eq!(fields, ["report", "from", "limit", "colour", "group_by", "group_by"]);
}

#[test]
fn an_unknown_parameter_is_told_the_known_ones() {
    let refused = wrong("colour", "red");
    assert_eq!((refused.field.as_str(), refused.value.as_str()), ("colour", "red"));
    assert_eq!(
        refused.rule,
        "must be a parameter (from, to, interval, group_by, definition, as_of, happened_by, at, within, limit, figures) or a filter \
         (branch, department, agent, channel, priority, customer_tier, tag, customer, language, closing_reason, \
         form, attribute.NAME)"
    );
}

#[test]
fn a_list_of_tickets_takes_no_rows() {
    let rule = |name: &str| format!("must be left out: review-queue lists tickets; it takes no {name}");
    let refused = parse("review-queue", &[("interval", "day"), ("group_by", "agent,tag"), ("limit", "3")]).unwrap_err();
    let expected = [("interval", "day"), ("group_by", "agent,tag")];
    assert_eq!(refused, expected.map(|(name, value)| Invalid::new(name, value, rule(name))));
    assert!(parse("review-queue", &[("limit", "3"), ("department", "null"), ("at", "2026-01-01")]).is_ok());
}

#[test]
fn every_parameter_that_is_listed_is_read() {
    for name in PARAMETERS.split(", ") {
        let refused = parse("flow", &[(name, "")]).unwrap_err();
        assert!(!refused[0].rule.starts_with("must be a parameter"), "{name}");
    }
}

#[test]
fn a_parameter_is_given_once() {
    for (name, value) in [("from", "2026-01-01"), ("branch", "tehran"), ("limit", "1")] {
        let refused = parse("flow", &[(name, value), (name, value)]).unwrap_err();
        assert_eq!(refused, [Invalid::new(name, value, "must be given only once")]);
    }
}

#[test]
fn dates_are_read_as_dates_of_either_calendar() {
    assert_eq!(asked(&[("from", "2026-01-03")]).from, date("2026-01-03"));
    assert_eq!(asked(&[("to", "2024-02-29")]).to, date("2024-02-29"));
    assert_eq!(asked(&[("at", "2026-01-03")]).at, date("2026-01-03"));
    assert_eq!(asked(&[("from", "1404-10-13")]).from, date("2026-01-03"));
    assert_eq!(asked(&[("from", "1399-12-30")]).from, date("2021-03-20"), "the last day of a leap year");
    for text in ["2026-02-29", "2026-1-3", "2026-01", "03.01.2026", "", "soon", "+2026-01-03", "1400-12-30"] {
        assert!(wrong("from", text).rule.starts_with("must be a date like 2026-01-03"), "{text}");
    }
    for text in ["1899-12-31", "2201-01-01", "1600-01-01", "1200-01-01", "2201-01-01T00:00:00Z"] {
        assert_eq!(wrong("to", text).rule, "must lie in the years 1900 to 2200", "{text}");
    }
    assert!(wrong("from", "2026-01-03T08:12:00").rule.contains("with an offset"));
    assert!(wrong("from", "soon").rule.contains("00:00 in the definition's time zone"));
    assert!(wrong("as_of", "soon").rule.contains("00:00 in UTC"), "the log is asked before a definition is known");
}

#[test]
fn a_date_begins_on_the_clocks_of_the_definition() {
    let tehran = Calendar::new(chrono_tz::Asia::Tehran, CalendarName::Jalali, WeekStart::Saturday);
    let micros = |text: &str| Timestamp::parse("", text).unwrap().micros();
    assert_eq!(date("2026-01-03").unwrap().on(&tehran), micros("2026-01-02T20:30:00Z"));
    assert_eq!(date("2026-01-03").unwrap().on(&Calendar::utc_gregorian()), micros("2026-01-03T00:00:00Z"));
}

#[test]
fn to_is_later_than_from() {
    assert!(parse("flow", &[("to", "2026-01-02"), ("from", "2026-01-01")]).is_ok());
    assert!(parse("flow", &[("from", "2026-01-01"), ("to", "2026-01-01T00:00:00.000001Z")]).is_ok());
    for to in ["2026-01-01", "2025-12-31", "2026-01-01T03:30:00+03:30"] {
        let from = if to.contains('T') { "2026-01-01T00:00:00Z" } else { "2026-01-01" };
        let refused = parse("flow", &[("from", from), ("to", to)]).unwrap_err();
        assert_eq!((refused.len(), refused[0].field.as_str()), (1, "to"), "{to}");
        assert_eq!(refused[0].rule, format!("must be later than from, which is {from}"));
    }
}

#[test]
fn three_dimensions_group_and_none_twice() {
    assert_eq!(asked(&[("group_by", "agent")]).group_by, [Dimension::Agent]);
    assert_eq!(wrong("group_by", "agent,branch,tag,form").rule, "must name at most 3 dimensions");
    let twice = wrong("group_by", "agent,branch,agent");
    assert_eq!((twice.value.as_str(), twice.rule.as_str()), ("agent", "must name a dimension only once"));
    assert_eq!(wrong("group_by", "attribute.a,attribute.a").value, "attribute.a");
    assert_eq!(asked(&[("group_by", "attribute.a,attribute.b")]).group_by.len(), 2);
}

#[test]
fn unknown_dimensions_are_told_the_known_ones() {
    for text in ["", "Agent", "attribute", "tags", "period"] {
        let refused = wrong("group_by", text);
        assert_eq!((refused.field.as_str(), refused.value.as_str()), ("group_by", text));
        assert!(refused.rule.starts_with("must be one of branch, department, agent"), "{text}");
        assert!(refused.rule.ends_with("form, attribute.NAME"), "{text}");
    }
    assert_eq!(wrong("group_by", "attribute.").rule, "must have at least one letter or digit");
    assert_eq!(wrong("attribute.a b", "x").field, "attribute.a b");
}

#[test]
fn dimensions_are_read_by_the_names_they_give() {
    for dimension in Dimension::FIXED.into_iter().chain([Dimension::Attribute(AttributeName::known_good("نوع"))]) {
        assert_eq!(Dimension::parse("group_by", &dimension.to_string()), Ok(dimension));
    }
}

#[test]
fn every_dimension_filters() {
    for (name, value) in [
        ("branch", "tehran"),
        ("department", "فنی"),
        ("agent", "sara"),
        ("channel", "email"),
        ("priority", "low"),
        ("customer_tier", "gold"),
        ("tag", "login"),
        ("customer", "c-42"),
        ("language", "fa-IR"),
        ("closing_reason", "solved"),
        ("form", "default@1"),
        ("attribute.request_type", "fault"),
    ] {
        let filters = asked(&[(name, value)]).filters;
        assert_eq!(filters, [(Dimension::parse("", name).unwrap(), vec![Some(value.to_owned())])]);
        let bad = wrong(name, &format!("{value},two words"));
        assert_eq!((bad.field.as_str(), bad.value.as_str()), (name, "two words"));
    }
}

#[test]
fn the_word_null_stands_for_the_absent_value() {
    assert_eq!(asked(&[("agent", "null")]).filters, [(Dimension::Agent, vec![None])]);
    assert_eq!(asked(&[("agent", "Null")]).filters, [(Dimension::Agent, vec![Some("Null".to_owned())])]);
    for text in ["null", "High", "high,", "1"] {
        assert_eq!(wrong("priority", text).rule, "must be low, normal, high or urgent", "{text}");
    }
}

#[test]
fn as_of_is_a_position_or_an_instant() {
    assert_eq!(asked(&[("as_of", "0")]).as_of, Some(AsOf::Position(0)));
    assert_eq!(asked(&[("as_of", "18446744073709551615")]).as_of, Some(AsOf::Position(u64::MAX)));
    let recorded = instant("2026-01-03T08:12:00Z").unwrap();
    assert_eq!(asked(&[("as_of", "2026-01-03T11:42:00+03:30")]).as_of, Some(AsOf::Instant(in_utc(recorded))));
    assert!(wrong("as_of", "18446744073709551616").rule.starts_with("must be a position of at most"));
    for text in ["", "-1", "+5", "۱۲"] {
        assert!(wrong("as_of", text).rule.starts_with("must be a date"), "{text}");
    }
}

#[test]
fn durations_have_a_unit_and_are_positive() {
    for (text, micros) in [
        ("45s", 45_000_000),
        ("30m", 1_800_000_000),
        ("4h", 14_400_000_000),
        ("2d", 172_800_000_000),
        ("100000d", 8_640_000_000_000_000),
    ] {
        assert_eq!(asked(&[("within", text)]).within.unwrap().micros(), Some(micros), "{text}");
    }
    assert_eq!(asked(&[("within", "3bd")]).within.unwrap().business_days(), Some(3));
    for text in
        ["", "h", "4", "0h", "-1h", "+1h", "1.5h", "4 h", "bd", "4H", "4س", "1001bd", "100001d", "9223372036854775807d"]
    {
        assert_eq!(
            wrong("within", text).rule,
            "must be a duration like 45s, 30m, 4h, 2d (48 hours) or 3bd (business days), above zero and at most 100000d \
             or 1000bd",
            "{text}"
        );
    }
}

#[test]
fn limits_lie_between_one_and_two_hundred_thousand() {
    assert_eq!(asked(&[("limit", "1")]).limit, Some(1));
    assert_eq!(asked(&[("limit", "200000")]).limit, Some(200_000));
    for text in ["0", "200001", "-1", "+1", "ten", "", "99999999999999999999"] {
        assert_eq!(wrong("limit", text).rule, "must be a whole number from 1 to 200000", "{text}");
    }
}

#[test]
fn intervals_and_definitions_are_told_the_known_ones() {
    assert_eq!(asked(&[("interval", "quarter")]).interval, Some(Interval::Quarter));
    assert_eq!(wrong("interval", "decade").rule, "must be hour, day, week, month, quarter or year");
    assert_eq!(asked(&[("definition", "default")]).definition.as_deref(), Some("default"));
    // Whether there is one of that name is known where the log is.
    assert_eq!(asked(&[("definition", "office@3")]).definition.as_deref(), Some("office@3"));
    assert_eq!(wrong("definition", "").rule, "must be a definition's name such as default, or NAME@VERSION");
}

#[test]
fn figures_are_some_of_their_report() {
    assert_eq!(asked(&[("figures", "closed,opened")]).figures, Some(vec!["closed", "opened"]));
    let query = asked(&[("figures", "closed")]);
    assert!(query.asks("closed") && !query.asks("opened") && asked(&[]).asks("opened"));
    assert_eq!(wrong("figures", "opened,opened").rule, "must name a figure only once");
    for (text, value) in
        [("csat", "csat"), ("", ""), ("opened,", ""), ("opened, closed", " closed"), ("stay.p50", "stay.p50")]
    {
        let wrong = wrong("figures", text);
        assert_eq!((&*wrong.field, &*wrong.value), ("figures", value));
        assert_eq!(
            wrong.rule,
            "must be one of opened, closed, closed_tickets, reopenings, reopened_tickets, reopen_rate, one_touch_rate, \
             replies_per_closed, closed_by, reasons, transfers, transferred_tickets, between, stay, priority_changed, the \
             figures of flow"
        );
    }
    let refused = parse("review-queue", &[("figures", "since")]).unwrap_err();
    assert_eq!(refused[0].rule, "must be left out: review-queue lists tickets; it takes no figures");
    // Of a report that there is not, nobody knows the figures.
    assert_eq!(parse("weather", &[("figures", "rain")]).unwrap_err().len(), 1);
}
