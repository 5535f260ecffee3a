//! Lists against tickets evolved event by event, sorted and filtered by plain loops; and by hand.

mod by_hand;
mod oracle;
mod properties;

use super::*;
use crate::test_support::{Labels, minutes};

/// The log of every test.
fn epochs() -> Epochs {
    Epochs::new([1; 16], [0; 32])
}

/// A query from its parameters.
fn query(parameters: &[(&str, &str)]) -> ListQuery {
    ListQuery::parse(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).unwrap()
}

/// The page that a query asks for, so many minutes after the beginning of all tests.
fn page(state: &Measurements, query: &ListQuery, minute: i64) -> Page {
    list(state, query, &epochs(), Timestamp::clamped(minutes(minute)), &Labels).unwrap()
}

/// The lines of all pages from the query's first to the last, each line as JSON.
fn walk(state: &Measurements, query: &ListQuery, minute: i64) -> Vec<serde_json::Value> {
    let mut query = query.clone();
    let mut lines = Vec::new();
    loop {
        let page = page(state, &query, minute);
        assert!(page.items.len() <= query.limit);
        lines.extend(page.items.iter().map(|line| serde_json::from_str(&json_of(line)).unwrap()));
        let Some(next) = page.next else { return lines };
        assert_eq!(page.items.len(), query.limit, "only the last page is short");
        query.cursor = Some(next);
    }
}

fn json_of<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

/// The tickets of all pages, by id.
fn ids(state: &Measurements, parameters: &[(&str, &str)]) -> Vec<String> {
    let lines = walk(state, &query(parameters), 0);
    lines.iter().map(|line| line["ticket"].as_str().unwrap().to_owned()).collect()
}
