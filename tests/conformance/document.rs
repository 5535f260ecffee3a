//! The definition document that a case asks under.

use super::case::{Case, Supported, Unsupported, known, object, unsupported};
use serde_json::{Map, Value, json};

const CALENDAR: [&str; 6] = ["tz", "hours", "holidays", "yearly_holidays", "overrides", "breaks"];
const DAYS: [(&str, &str); 7] = [
    ("mon", "monday"),
    ("tue", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
    ("sun", "sunday"),
];
/// Parameters of a query that say nothing about the definition, or that other modules read.
const ELSEWHERE: [&str; 6] = ["tolerance_seconds", "count", "as_of", "from", "to", "bucket"];

/// The schedules of a case's calendar, one for each department where calendars are named.
fn schedules(calendar: &Value) -> Supported<Value> {
    if calendar.is_null() {
        return Ok(json!([]));
    }
    let fields = object(calendar, "calendar")?;
    let Some(named) = fields.get("named") else { return Ok(json!([schedule("calendar", calendar)?])) };
    known(fields, &["named"], "field of a calendar")?;
    let mut schedules = Vec::new();
    for (name, calendar) in object(named, "named")? {
        let mut one = schedule(name, calendar)?;
        one["departments"] = json!([name]);
        schedules.push(one);
    }
    Ok(schedules.into())
}

fn schedule(name: &str, calendar: &Value) -> Supported<Value> {
    known(object(calendar, "calendar")?, &CALENDAR, "field of a calendar")?;
    let mut weekly = Map::new();
    for (day, spans) in fields(&calendar["hours"])? {
        let long = DAYS.iter().find(|(short, long)| day == *short || day == *long).map(|(_, long)| *long);
        let long = long.ok_or_else(|| Unsupported(format!("day of the week {day}")))?;
        let spans = spans_of(&spans)?;
        if !spans.is_empty() {
            weekly.insert(long.to_owned(), spans.into());
        }
    }
    let list = |name: &str| calendar[name].as_array().cloned().unwrap_or_default();
    let yearly = list("yearly_holidays").into_iter().map(|day| json!(format!("*-{}", day.as_str().unwrap_or("?"))));
    Ok(json!({
        "name": name, "time_zone": calendar["tz"], "weekly": weekly,
        "holidays": list("holidays").into_iter().chain(yearly).collect::<Vec<_>>(),
        "special": dated(&calendar["overrides"])?, "breaks": dated(&calendar["breaks"])?,
    }))
}

fn fields(value: &Value) -> Supported<Map<String, Value>> {
    if value.is_null() { Ok(Map::new()) } else { object(value, "hours").cloned() }
}

fn dated(value: &Value) -> Supported<Value> {
    let dates = fields(value)?;
    let each = dates.into_iter().map(|(date, spans)| Ok((date, spans_of(&spans)?.into())));
    each.collect::<Supported<Map<String, Value>>>().map(Value::from)
}

/// Spans such as `["09:00","17:00"]` as the document writes them.
fn spans_of(spans: &Value) -> Supported<Vec<Value>> {
    let all = spans.as_array().ok_or_else(|| Unsupported("hours are no list".to_owned()))?;
    let one = |span: &Value| match (span[0].as_str(), span[1].as_str()) {
        (Some(from), Some(to)) => Ok(json!(format!("{from}-{to}"))),
        _ => unsupported(format!("span {span}")),
    };
    all.iter().map(one).collect()
}

/// The definition that a case asks under; business time where what is expected is called so.
pub(crate) fn document(case: &Case, business: bool) -> Supported<Value> {
    let mut document = json!({
        "name": "case", "schedules": schedules(&case.calendar)?, "targets": [],
        "first_response": {}, "next_response": {}, "resolution": {}, "schedule": {},
    });
    if business {
        document["clock"] = json!("business");
    }
    if case.events.iter().any(|event| event.get("public_first_message") == Some(&json!(true))) {
        document["first_response"]["opened_by_agent"] = json!("opening");
    }
    for (name, value) in case.query.iter().filter(|(_, value)| !value.is_null()) {
        set(&mut document, name, value)?;
    }
    Ok(document)
}

fn set(document: &mut Value, name: &str, value: &Value) -> Supported<()> {
    match (name, value.as_str()) {
        ("zone" | "time_zone" | "tz", Some(zone)) => document["time_zone"] = json!(zone),
        ("week_start", Some(day)) => document["week_start"] = json!(day),
        ("first_response_clock", Some("calendar" | "business")) => document["first_response"]["clock"] = value.clone(),
        ("bot_reply_ends_wait", None) if value.is_boolean() => bots(document, value == true),
        ("calendar_policy", Some("calendar_in_force")) => document["schedule"]["chosen"] = json!("at_each_moment"),
        ("calendar_policy", Some("calendar_at_event")) => document["schedule"]["chosen"] = json!("at_end"),
        ("paused_statuses", None) => pauses(document, value)?,
        ("target_seconds", None) => target(document, "first_response", &format!("{value}s")),
        ("target_business_days", None) => target(document, "first_response", &format!("{value}bd")),
        ("targets_seconds", None) => {
            for (metric, seconds) in object(value, "targets_seconds")? {
                target(document, metric_of(metric)?, &format!("{seconds}s"));
            }
        }
        ("at_close", Some("stay")) | ("percentile_method", Some("linear")) => {}
        ("csat", Some("mean_of_max" | "positive_share")) => {}
        _ if ELSEWHERE.contains(&name) => {}
        _ => return unsupported(format!("parameter {name} {value}")),
    }
    Ok(())
}

fn bots(document: &mut Value, count: bool) {
    let counted = json!(if count { "human_and_automation" } else { "human" });
    document["first_response"]["counts"] = counted.clone();
    document["next_response"]["ended_by"] = counted;
}

fn pauses(document: &mut Value, statuses: &Value) -> Supported<()> {
    let mut pauses = Vec::new();
    for status in statuses.as_array().into_iter().flatten() {
        match status.as_str() {
            Some("pending") => pauses.push("held_for_customer"),
            Some("hold") => pauses.push("held_for_third_party"),
            Some("closed") => document["resolution"]["excludes"] = json!(["closed_spans"]),
            _ => return unsupported(format!("paused status {status}")),
        }
    }
    document["pauses"] = json!(pauses);
    Ok(())
}

fn target(document: &mut Value, metric: &str, within: &str) {
    let target = json!({ "metric": metric, "within": within });
    document["targets"].as_array_mut().into_iter().for_each(|targets| targets.push(target.clone()));
}

/// A target's metric under its name in the contract.
pub(crate) fn metric_of(name: &str) -> Supported<&'static str> {
    match name {
        "first_response" => Ok("first_response"),
        "next_response" => Ok("next_response"),
        "resolution" | "full_resolution" => Ok("full_resolution"),
        _ => unsupported(format!("target of {name}")),
    }
}
