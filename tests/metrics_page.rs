//! The figures that docs/metrics.md works out by hand are those the product answers.

use daftar_tests::programs::{report, root};
use serde_json::Value;
use std::collections::BTreeMap;

/// A line of a table: definition, report, path, value.
fn figures(page: &str) -> Vec<[String; 4]> {
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        cells.collect::<Vec<_>>().try_into().ok()
    };
    let tables = page.lines().filter(|line| line.starts_with("| default |") || line.starts_with("| office |"));
    tables.filter_map(cells).collect()
}

fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |value, name| &value[name])
}

#[test]
fn every_figure_on_the_page_is_what_the_product_answers() {
    let docs = root().join("docs");
    let page = std::fs::read_to_string(docs.join("metrics.md")).unwrap_or_default();
    let events = docs.join("examples/worked.ndjson").display().to_string();
    let office = docs.join("examples/office.toml").display().to_string();
    let mut rows: BTreeMap<(String, String), Value> = BTreeMap::new();
    let mut checked = 0;
    for [definition, name, path, stated] in figures(&page) {
        let row = rows.entry((definition.clone(), name.clone())).or_insert_with(|| {
            let file = if definition == "office" { office.as_str() } else { "default" };
            report(&name, &["--events", &events], &["--definition", file])["rows"][0].clone()
        });
        assert_eq!(at(row, &path).to_string(), stated, "{path} of {name} under {definition}");
        checked += 1;
    }
    assert!(checked > 50, "the page has {checked} figures");
}
