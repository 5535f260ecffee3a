//! Figures as JSON, as paths, and found again by path.

use super::*;

fn json(figure: impl Into<Figure>) -> String {
    serde_json::to_string(&figure.into()).unwrap()
}

/// {"opened":3,"reasons":{"v1.2":5,"v1":null},"between":[{"from":null,"count":2}],"empty":{}}.
fn row() -> Figure {
    let between = Figure::object([("from", Figure::Null), ("count", Figure::Count(2))]);
    Figure::object([
        ("opened", Figure::Count(3)),
        ("reasons", Figure::object([("v1.2".to_owned(), Figure::Count(5)), ("v1".to_owned(), Figure::Null)])),
        ("between", vec![between].into()),
        ("empty", Figure::Object(vec![])),
    ])
}

#[test]
fn every_kind_has_its_json() {
    assert_eq!(json(Figure::Null), "null");
    assert_eq!(json(u64::MAX), "18446744073709551615");
    assert_eq!(json(Decimal::from_micros(5_312_400_000)), "5312.4");
    assert_eq!(json("تهران \"1\""), r#""تهران \"1\"""#);
    assert_eq!(json(Some("solved".to_owned())), r#""solved""#);
    assert_eq!(json(None::<Decimal>), "null");
}

#[test]
fn objects_keep_the_order_in_which_they_were_given() {
    let expected = r#"{"opened":3,"reasons":{"v1.2":5,"v1":null},"between":[{"from":null,"count":2}],"empty":{}}"#;
    assert_eq!(json(row()), expected);
}

#[test]
fn distributions_and_shares_have_the_fields_of_the_contract() {
    assert_eq!(
        json(Distribution::of(vec![1_000_000, 2_000_000])),
        r#"{"count":2,"sum":3,"mean":1.5,"min":1,"max":2,"p50":1.5,"p75":1.75,"p90":1.9,"p95":1.95,"p99":1.99}"#
    );
    assert_eq!(
        json(Distribution::default()),
        concat!(
            r#"{"count":0,"sum":0,"mean":null,"min":null,"max":null,"#,
            r#""p50":null,"p75":null,"p90":null,"p95":null,"p99":null}"#
        )
    );
    assert_eq!(
        json(Share { count: 10, of: 10 }),
        r#"{"count":10,"of":10,"percent":100,"low95":72.24672,"high95":100}"#
    );
    assert_eq!(json(Share::default()), r#"{"count":0,"of":0,"percent":null,"low95":null,"high95":null}"#);
}

#[test]
fn leaves_have_paths_joined_by_dots() {
    let row = row();
    let leaves = row.flatten("");
    let expected = [
        ("opened", &Figure::Count(3)),
        ("reasons.v1.2", &Figure::Count(5)),
        ("reasons.v1", &Figure::Null),
        ("between.0.from", &Figure::Null),
        ("between.0.count", &Figure::Count(2)),
    ];
    assert_eq!(leaves, expected.map(|(path, figure)| (path.to_owned(), figure)));
    assert_eq!(row.flatten("flow")[0].0, "flow.opened");
    assert_eq!(Figure::Null.flatten("note"), [("note".to_owned(), &Figure::Null)]);
}

#[test]
fn every_leaf_is_found_again_at_its_path() {
    let row = row();
    for (path, leaf) in row.flatten("") {
        assert_eq!(row.get(&path), Some(leaf), "{path}");
    }
    assert_eq!(row.get(""), Some(&row));
    assert_eq!(row.get("empty"), Some(&Figure::Object(vec![])));
    assert!(matches!(row.get("between.0"), Some(Figure::Object(_))));
}

#[test]
fn paths_that_lead_nowhere_have_no_figure() {
    for path in ["open", "opened.x", "opened2", "between.1", "between.x", "reasons.v1.3", ".", "empty.x"] {
        assert_eq!(row().get(path), None, "{path}");
    }
}
