//! What a case expects, asked of the product one expectation at a time.

use super::case::{Case, Outcome, Supported, Unsupported, instant, object, rfc3339, unsupported};
use super::document::{document, metric_of};
use super::product::{Calendar, Product};
use super::story;
use daftar_eventlog::Position;
use serde_json::{Map, Value, json};

/// What a figure is and where a report has it.
struct Figure {
    report: &'static str,
    name: &'static str,
}

/// Durations by the names that cases give them, the end of `_seconds` left out.
const TIMES: [(&str, Figure); 13] = [
    ("first_response", Figure { report: "response-times", name: "first_response" }),
    ("next_response", Figure { report: "response-times", name: "next_response" }),
    ("reply_time", Figure { report: "response-times", name: "next_response" }),
    ("first_resolution", Figure { report: "resolution-times", name: "first_resolution" }),
    ("full_resolution", Figure { report: "resolution-times", name: "full_resolution" }),
    ("resolution", Figure { report: "resolution-times", name: "full_resolution" }),
    ("open_time", Figure { report: "resolution-times", name: "open_time" }),
    ("requester_wait", Figure { report: "resolution-times", name: "requester_wait" }),
    ("agent_wait", Figure { report: "resolution-times", name: "customer_wait" }),
    ("customer_wait", Figure { report: "resolution-times", name: "customer_wait" }),
    ("agent_work", Figure { report: "resolution-times", name: "agent_work" }),
    ("on_hold_customer", Figure { report: "resolution-times", name: "on_hold_customer" }),
    ("on_hold", Figure { report: "resolution-times", name: "on_hold_third_party" }),
];

/// Statistics by the names that cases give them.
const STATISTICS: [(&str, &str); 11] = [
    ("count", "count"),
    ("sum", "sum"),
    ("mean", "mean"),
    ("avg", "mean"),
    ("min", "min"),
    ("max", "max"),
    ("median", "p50"),
    ("p50", "p50"),
    ("p75", "p75"),
    ("p90", "p90"),
    ("p95", "p95"),
];

/// Numbers by the names that cases give them: report, path in its row, factor.
const NUMBERS: [(&str, &str, &str, f64); 19] = [
    ("reopen_count", "flow", "/reopenings", 1.0),
    ("transfer_count", "flow", "/transfers", 1.0),
    ("opened", "flow", "/opened", 1.0),
    ("closed", "flow", "/closed", 1.0),
    ("reopen_rate_pct", "flow", "/reopen_rate/percent", 1.0),
    ("one_touch_rate_pct", "flow", "/one_touch_rate/percent", 1.0),
    ("backlog", "backlog", "/open", 1.0),
    ("unanswered", "response-times", "/unanswered", 1.0),
    ("answer_rate_pct", "response-times", "/answer_rate/percent", 1.0),
    ("csat_mean_pct", "satisfaction", "/csat/mean_score", 20.0),
    ("csat_mean_score", "satisfaction", "/csat/mean_score", 1.0),
    ("csat_top2_share_pct", "satisfaction", "/csat/percent", 1.0),
    ("csat_positive_share_pct", "satisfaction", "/csat/percent", 1.0),
    ("csat_responses", "satisfaction", "/csat/answers", 1.0),
    ("response_rate_pct", "satisfaction", "/response_rate/percent", 1.0),
    ("csat_response_rate_pct", "satisfaction", "/response_rate/percent", 1.0),
    ("surveys_sent", "satisfaction", "/response_rate/offered", 1.0),
    ("nps", "satisfaction", "/nps/score", 1.0),
    ("nps_responses", "satisfaction", "/nps/answers", 1.0),
];

/// Runs a case.
pub(crate) fn run(case: &Value) -> Outcome {
    let ran = Case::read(case).and_then(|case| {
        if case.expect.is_empty() {
            return unsupported("nothing is expected");
        }
        let got: Supported<Map<_, _>> =
            case.expect.iter().map(|(name, wanted)| Ok((name.clone(), answer(&case, name, wanted)?))).collect();
        Ok((case, got?))
    });
    match ran {
        Err(Unsupported(what)) => Outcome::Unsupported(what),
        Ok((case, got)) if case.expect.iter().all(|(name, wanted)| equal(wanted, &got[name], case.tolerance())) => {
            Outcome::Pass
        }
        Ok((case, got)) => Outcome::Fail { expected: case.expect.into(), got: got.into() },
    }
}

/// What the product says to one expectation, in the form in which it is written.
fn answer(case: &Case, name: &str, wanted: &Value) -> Supported<Value> {
    match (case.kind.as_str(), name) {
        ("business_duration", "business_seconds") => business_duration(case),
        ("deadline", "due_at") => deadline(case),
        ("is_open", "open") => Ok(json!(Calendar::of(&document(case, true)?)?.is_open(case.event("instant")?.at))),
        ("next_open", "next_open_at") => {
            let opens = Calendar::of(&document(case, true)?)?.next_opening(case.event("instant")?.at);
            Ok(json!(opens.map(rfc3339)))
        }
        ("open_periods", "open_periods") => open_periods(case, wanted),
        ("metric" | "report", _) => figure(case, name, wanted),
        ("sla", _) => target(case, name, wanted),
        (kind, name) => unsupported(format!("{name} of a case of kind {kind}")),
    }
}

/// Equal in all they say: numbers within the tolerance, instants whatever their offset.
fn equal(wanted: &Value, got: &Value, tolerance: f64) -> bool {
    match (wanted, got) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() <= tolerance.max(1e-6))
        }
        (Value::String(a), Value::String(b)) => {
            a == b || instant(wanted).ok().zip(instant(got).ok()).is_some_and(|(a, b)| a == b)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b, tolerance))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b, tolerance)))
        }
        _ => wanted == got,
    }
}

/// A first response on the business clock.
fn business_duration(case: &Case) -> Supported<Value> {
    let (from, to) = (case.event("interval_start")?.at, case.event("interval_end")?.at);
    // An interval that ends before it starts is no history; its duration is that of an empty one.
    let product = Product::of(&story::span(from, Some(to.max(from))), &document(case, true)?)?;
    let row = only(product.rows("response-times", &[], product.last)?)?;
    one_value(&row["first_response"])
}

/// The due moment of a target of a first response that nobody has given, asked at its start.
fn deadline(case: &Case) -> Supported<Value> {
    let start = case.event("clock_started")?.at;
    let product = Product::of(&story::span(start, None), &document(case, true)?)?;
    let row = only(product.rows("targets", &[("at", rfc3339(start))], product.last)?)?;
    Ok(row["first_response"]["running_tickets"][0]["due_at"].clone())
}

fn open_periods(case: &Case, wanted: &Value) -> Supported<Value> {
    let given = case.asked("count").and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let count = given.or(wanted.as_array().map(Vec::len)).unwrap_or(1);
    let periods = Calendar::of(&document(case, true)?)?.open_periods(case.event("instant")?.at, count);
    Ok(periods.into_iter().map(|(from, to)| json!([rfc3339(from), rfc3339(to)])).collect())
}

/// The product after a case's events, up to the instant asked.
fn product(case: &Case, business: bool) -> Supported<Product> {
    Product::of(&story::lines(case, case.asked_instant("as_of")?)?, &document(case, business)?)
}

/// The parameters that a case gives a report.
fn parameters(case: &Case) -> Supported<Vec<(&'static str, String)>> {
    let mut parameters = Vec::new();
    for (name, parameter) in [("as_of", "at"), ("from", "from"), ("to", "to")] {
        parameters.extend(case.asked_instant(name)?.map(|at| (parameter, rfc3339(at))));
    }
    if let Some(bucket) = case.asked("bucket") {
        parameters.push(("interval", bucket.as_str().unwrap_or_default().to_owned()));
    }
    Ok(parameters)
}

/// A figure of a report: one value, or one for each period under its label.
fn figure(case: &Case, name: &str, wanted: &Value) -> Supported<Value> {
    let (plain, business) = match name.strip_suffix("_business_seconds") {
        Some(plain) => (format!("{plain}_seconds"), true),
        None => (name.to_owned(), false),
    };
    let product = product(case, business)?;
    if let (Value::Array(values), Some((figure, None))) = (wanted, time(case, &plain)) {
        return each_value(&product, figure, values.len());
    }
    let read = |report: &str, value: &dyn Fn(&Value) -> Supported<Value>| {
        let rows = product.rows(report, &parameters(case)?, product.last)?;
        if case.asked("bucket").is_none() {
            return value(&only(rows)?);
        }
        let by_label = |row: &Value| Ok((row["period"].as_str().unwrap_or_default().to_owned(), value(row)?));
        let all: Map<_, _> = rows.iter().map(by_label).collect::<Supported<_>>()?;
        // Periods between without anything in them need not be named.
        let labels = object(wanted, name)?;
        Ok(all.into_iter().filter(|(label, value)| labels.contains_key(label) || !is_nothing(value)).collect())
    };
    if let Some((figure, statistic)) = time(case, &plain) {
        let value = |row: &Value| match statistic {
            Some(statistic) => Ok(row[figure.name][statistic].clone()),
            None => one_value(&row[figure.name]),
        };
        return read(figure.report, &value);
    }
    if let Some((_, report, path, factor)) = NUMBERS.iter().find(|(known, ..)| *known == plain) {
        return read(report, &|row| Ok(times(row.pointer(path), *factor)));
    }
    match plain.as_str() {
        "responses" => {
            let nps = case.events.iter().any(|event| event.kind == "nps_submitted");
            let path = if nps { "/nps/answers" } else { "/csat/answers" };
            read("satisfaction", &|row| Ok(times(row.pointer(path), 1.0)))
        }
        "agent_reply_count" => read("volume", &|row| {
            let cells = row["cells"].as_array().into_iter().flatten();
            Ok(json!(cells.map(|cell| cell["replies"].as_u64().unwrap_or(0)).sum::<u64>()))
        }),
        "one_touch" => read("flow", &|row| Ok(json!(row["one_touch_rate"]["count"] == 1))),
        _ => unsupported(format!("expectation {name}")),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_f64() == Some(0.0)
}

fn times(value: Option<&Value>, factor: f64) -> Value {
    value.and_then(Value::as_f64).map_or(Value::Null, |value| json!(value * factor))
}

/// The duration that a name stands for, and the statistic of it: `first_response_seconds`,
/// `first_response_mean_seconds`, or `mean_seconds` and `count` of the samples that the case has.
fn time(case: &Case, name: &str) -> Option<(&'static Figure, Option<&'static str>)> {
    let plain = name.strip_suffix("_seconds").unwrap_or(name);
    let figure = |name: &str| TIMES.iter().find(|(known, _)| *known == name).map(|(_, figure)| figure);
    if let Some(figure) = figure(plain).filter(|_| plain != name) {
        return Some((figure, None));
    }
    let sampled = || case.events.iter().find_map(|event| figure(event.kind.strip_suffix("_sample")?));
    STATISTICS.iter().find_map(|(known, statistic)| {
        let of = plain.strip_suffix(known)?;
        let figure = if of.is_empty() { sampled() } else { figure(of.strip_suffix('_')?) };
        Some((figure?, Some(*statistic)))
    })
}

/// The only value of a distribution; none is null.
fn one_value(distribution: &Value) -> Supported<Value> {
    match distribution["count"].as_u64() {
        Some(0) => Ok(Value::Null),
        Some(1) => Ok(distribution["sum"].clone()),
        _ => unsupported("one value of several"),
    }
}

/// The values of a distribution in the order in which the log gave them: each is there from some position on.
fn each_value(product: &Product, figure: &Figure, most: usize) -> Supported<Value> {
    let (mut values, mut sum) = (Vec::new(), 0.0);
    for position in 1..=product.last.0 {
        let row = only(product.rows(figure.report, &[], Position(position))?)?;
        let distribution = &row[figure.name];
        if distribution["count"].as_u64().unwrap_or(0) > values.len() as u64 {
            let now = distribution["sum"].as_f64().unwrap_or(0.0);
            values.push(json!(now - sum));
            sum = now;
        }
    }
    if values.len() > most + 1 { unsupported("very many values") } else { Ok(values.into()) }
}

fn only(rows: Vec<Value>) -> Supported<Value> {
    match rows.len() {
        1 => Ok(rows.into_iter().next().unwrap_or_default()),
        n => unsupported(format!("{n} rows where one is asked")),
    }
}

/// What a target says of each metric that is expected.
fn target(case: &Case, name: &str, wanted: &Value) -> Supported<Value> {
    if !["due", "margin", "margins", "margin_seconds", "met", "breached", "running"].contains(&name) {
        return figure(case, name, wanted);
    }
    let product = product(case, !case.calendar.is_null())?;
    if let Value::Array(_) = wanted {
        let asked = case.asked("targets_seconds").map_or(Ok(Map::new()), |t| object(t, "targets").cloned())?;
        let mut all = Vec::new();
        for metric in asked.keys() {
            if verdict(case, &product, metric_of(metric)?, name)? {
                all.push(json!(metric));
            }
        }
        return Ok(all.into());
    }
    let mut all = Map::new();
    for metric in object(wanted, name)?.keys() {
        let of = metric_of(metric)?;
        let value = match name {
            "due" => due(case, &product, of)?,
            "met" | "breached" | "running" => json!(verdict(case, &product, of, name)?),
            _ => margin(case, &product, metric, of)?,
        };
        all.insert(metric.clone(), value);
    }
    Ok(all.into())
}

fn verdict(case: &Case, product: &Product, metric: &str, word: &str) -> Supported<bool> {
    let row = only(product.rows("targets", &parameters(case)?, product.last)?)?;
    Ok(row[metric][word].as_u64().unwrap_or(0) > 0)
}

/// The due moment: that of the running target, else of the last moment at which it ran.
fn due(case: &Case, product: &Product, metric: &str) -> Supported<Value> {
    let running = |position: Position, parameters: &[(&str, String)]| {
        let row = only(product.rows("targets", parameters, position)?)?;
        Ok::<_, Unsupported>(row[metric]["running_tickets"][0]["due_at"].clone())
    };
    let now = running(product.last, &parameters(case)?)?;
    if !now.is_null() {
        return Ok(now);
    }
    for position in (1..=product.last.0).rev() {
        let then = running(Position(position), &[])?;
        if !then.is_null() {
            return Ok(then);
        }
    }
    Ok(Value::Null)
}

/// Target minus what the metric took.
fn margin(case: &Case, product: &Product, name: &str, metric: &str) -> Supported<Value> {
    let target = case.asked("targets_seconds").and_then(|targets| targets[name].as_f64());
    let Some((_, figure)) = TIMES.iter().find(|(known, _)| *known == metric) else {
        return unsupported(format!("margin of {name}"));
    };
    let row = only(product.rows(figure.report, &parameters(case)?, product.last)?)?;
    let took = one_value(&row[figure.name])?;
    Ok(json!(target.zip(took.as_f64()).map(|(target, took)| target - took)))
}
