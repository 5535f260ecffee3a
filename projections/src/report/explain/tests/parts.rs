//! What the items of a cell must make, by plain loops over them, told by the shape of the cell's figure.

use serde_json::{Map, Value};

/// Figures are rounded to six decimals.
const ROUNDED: f64 = 1.5e-6;

/// Every figure of a row: its path, and what it is in the row.
pub(super) fn figures(row: &Value) -> Vec<(String, Value)> {
    let mut figures = Vec::new();
    for (name, value) in row.as_object().unwrap() {
        if !["period", "start", "end", "partial", "group", "agent", "rank", "goals"].contains(&name.as_str()) {
            push(name, value, &mut figures);
        }
    }
    figures
}

fn push(path: &str, value: &Value, figures: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) if is_figure(fields) => figures.push((path.to_owned(), value.clone())),
        Value::Object(fields) => {
            // The tickets of a target that runs are told by their count.
            let parts = fields.iter().filter(|(name, _)| *name != "running_tickets");
            parts.for_each(|(name, value)| push(&format!("{path}.{name}"), value, figures));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| push_item(path, n, item, figures)),
        Value::Number(_) => figures.push((path.to_owned(), value.clone())),
        other => panic!("{path} is {other}, which is no figure"),
    }
}

fn push_item(path: &str, n: usize, item: &Value, figures: &mut Vec<(String, Value)>) {
    match path {
        "between" => figures.push((format!("{path}.{n}"), item["count"].clone())),
        "stay" => figures.push((format!("{path}.{n}"), item.clone())),
        // Most hours of the week have nothing: the first of them is enough.
        "cells" => ["opened", "replies"].iter().filter(|what| n == 0 || item[**what] != 0).for_each(|what| {
            figures.push((format!("{path}.{n}.{what}"), item[*what].clone()));
        }),
        _ => panic!("{path} is a list"),
    }
}

/// Whether an object is one figure with its statistics.
fn is_figure(fields: &Map<String, Value>) -> bool {
    ["percent", "p50", "mean", "score"].iter().any(|statistic| fields.contains_key(*statistic))
}

/// Checks that the items make the figure.
pub(super) fn check(path: &str, figure: &Value, items: &[Value]) {
    let counted = items.iter().filter(|item| item["counted"] == true).count();
    let values: Vec<f64> = items.iter().filter_map(|item| item["value"].as_f64()).collect();
    let same = |name: &str, expected: Option<f64>| {
        let close = |(told, made): (f64, f64)| (told - made).abs() <= ROUNDED * made.abs().max(1.0);
        let told = figure[name].as_f64();
        assert!(
            told.zip(expected).map_or(told.is_none() && expected.is_none(), close),
            "{name} of {path}: {figure} {items:?}"
        );
    };
    let count = |name: &str, expected: usize| assert_eq!(figure[name], expected, "{name} of {path}: {items:?}");
    let Value::Object(fields) = figure else {
        assert_eq!(*figure, items.len(), "{path} of {items:?}");
        assert_eq!(counted, items.len(), "{path} of {items:?}");
        return;
    };
    let has = |name: &str| fields.contains_key(name);
    let share = |name: &str| same(name, percent(counted, items.len()));
    if has("p50") {
        count("count", items.len());
        assert_eq!(values.len(), items.len(), "every item of {path} has a value");
        distribution(&values).into_iter().for_each(|(name, expected)| same(name, expected));
    } else if has("of") {
        count("of", items.len());
        count("count", counted);
        share("percent");
    } else if has("offered") {
        count("offered", items.len());
        count("answered", counted);
        share("percent");
    } else if has("promoters") {
        let among = |from: f64, to: f64| values.iter().filter(|value| from <= **value && **value <= to).count();
        count("answers", items.len());
        count("promoters", among(9.0, 10.0));
        count("detractors", among(0.0, 6.0));
        count("passives", items.len() - counted);
    } else if has("mean_score") {
        let (all, positive) = if has("rated") { ("rated", "satisfied") } else { ("answers", "positive") };
        count(all, items.len());
        count(positive, counted);
        share("percent");
        same("mean_score", mean(&items.iter().map(on_five).collect::<Vec<_>>()));
        fields.get("distribution").into_iter().for_each(|scales| check_scales(path, scales, items));
    } else {
        count("answers", items.len());
        same("mean", mean(&values));
        if has("good_percent") {
            share("good_percent");
        }
        check_scores(path, &fields["distribution"], &values);
    }
}

fn percent(count: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| 100.0 * count as f64 / of as f64)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// A score as one of 1 to 5.
fn on_five(item: &Value) -> f64 {
    let score = item["value"].as_f64().unwrap();
    match item["scale"].as_str().unwrap() {
        "binary" => 1.0 + 4.0 * score,
        "four" => 1.0 + 4.0 * (score - 1.0) / 3.0,
        "five" => score,
        other => panic!("{other} is no scale"),
    }
}

fn check_scales(path: &str, scales: &Value, items: &[Value]) {
    let mut found = 0;
    for (scale, scores) in scales.as_object().unwrap() {
        let of_scale = items.iter().filter(|item| item["scale"] == scale.as_str());
        let values: Vec<f64> = of_scale.map(|item| item["value"].as_f64().unwrap()).collect();
        check_scores(path, scores, &values);
        found += values.len();
    }
    assert_eq!(found, items.len(), "scales of {path}");
}

fn check_scores(path: &str, scores: &Value, values: &[f64]) {
    let mut found = 0;
    for (score, count) in scores.as_object().unwrap() {
        let same = values.iter().filter(|value| **value == score.parse::<f64>().unwrap()).count();
        assert_eq!(*count, same, "{score} of {path}");
        found += same;
    }
    assert_eq!(found, values.len(), "scores of {path}");
}

fn distribution(values: &[f64]) -> Vec<(&'static str, Option<f64>)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let percentile = |percent: usize| {
        let rank = sorted.len().checked_sub(1)? * percent;
        let (low, high) = (sorted[rank / 100], sorted[rank.div_ceil(100)]);
        Some(low + (high - low) * (rank % 100) as f64 / 100.0)
    };
    vec![
        ("sum", Some(sorted.iter().sum())),
        ("mean", mean(values)),
        ("min", sorted.first().copied()),
        ("max", sorted.last().copied()),
        ("p50", percentile(50)),
        ("p75", percentile(75)),
        ("p90", percentile(90)),
        ("p95", percentile(95)),
        ("p99", percentile(99)),
    ]
}
