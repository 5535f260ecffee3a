//! Definitions read, checked, written, changed, and found in the catalog.

mod any;
mod catalog;
mod overrides;
mod presets;
mod rules;

use super::document::Definition;
use super::read::Wrong;
pub(crate) use any::any_definition;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

/// The published canonical document, without its line ends and the space that begins a line.
const CANONICAL: &str = concat!(
    r#"{"name":"default","time_zone":"UTC","calendar":"gregorian","week_start":"monday","clock":"calendar","pauses":[],"dated_by":"event","attribution":"closer","#,
    r#""first_response":{"counts":"human","starts":"opened","opened_by_agent":"first_customer_message","per":"ticket","credited_to":"replied"},"#,
    r#""next_response":{"ended_by":"human"},"resolution":{"ends":"last_close","excludes":[],"per":"ticket"},"schedule":{"chosen":"at_opening"},"#,
    r#""csat":{"source":"survey","answer":"last","positive_from":{"binary":1,"four":3,"five":4}},"ces":{"better":"high"},"#,
    r#""one_touch":{"counts":"exactly_one"},"voided":"excluded","leaderboard":{"rank_by":"csat.low95","minimum_answers":10},"review":{"stale_after":"7d"},"goals":[],"#,
    r#""schedules":[],"targets":[{"metric":"first_response","within":"24h","priorities":[],"departments":[],"branches":[],"tiers":[]}]}"#,
);

const SCHEDULE: &str = r#"{"name":"office","time_zone":"Asia/Tehran","calendar":"jalali","branches":[],"departments":[],"from":null,"until":null,"weekly":{"saturday":["08:00-16:00"]},"holidays":["2026-03-21","*-01-01"],"breaks":{"2026-02-01":["12:00-13:00"]},"special":{"2026-02-02":["10:00-12:00"]}}"#;

/// What is wrong with a document, as `place: reason` lines.
fn wrong_in(result: Result<Definition, Vec<Wrong>>) -> Vec<String> {
    result.unwrap_err().iter().map(ToString::to_string).collect()
}

/// Every value that holds no others, as text, with its path.
fn leaves(path: &str, value: &serde_json::Value) -> Vec<(String, String)> {
    let below = |name: String| if path.is_empty() { name } else { format!("{path}.{name}") };
    match value {
        serde_json::Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| leaves(&below(name.clone()), value)).collect()
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().flat_map(|(n, item)| leaves(&below(n.to_string()), item)).collect()
        }
        serde_json::Value::String(text) => vec![(path.to_owned(), text.clone())],
        other => vec![(path.to_owned(), other.to_string())],
    }
}

#[test]
fn the_default_is_the_published_document_byte_by_byte() {
    assert_eq!(Definition::default().to_json(), CANONICAL);
    assert_eq!(Definition::from_json(CANONICAL), Ok(Definition::default()));
    assert_eq!(Definition::from_json("{}"), Ok(Definition::default()), "fields left out have their defaults");
    assert_eq!(Definition::from_toml(""), Ok(Definition::default()));
}

#[test]
fn a_schedule_is_written_as_published() {
    let text = CANONICAL.replace("\"schedules\":[]", &format!("\"schedules\":[{SCHEDULE}]"));
    let text = text.replace("\"goals\":[]", r#""goals":[{"value":"csat.percent","at_least":85}]"#);
    assert_eq!(Definition::from_json(&text).unwrap().to_json(), text);
}

#[test]
fn a_section_has_a_clock_and_pauses_of_its_own_only_where_given() {
    let text = CANONICAL.replace(
        r#""next_response":{"ended_by":"human"}"#,
        r#""next_response":{"ended_by":"human","clock":"business","pauses":["held_for_customer"]}"#,
    );
    assert_eq!(Definition::from_json(&text).unwrap().to_json(), text);
}

#[test]
fn a_file_is_read_by_its_name_else_as_it_begins() {
    let named = |name: &str| Definition { name: name.to_owned(), ..Definition::default() };
    assert_eq!(Definition::from_file("a.toml", "name = \"a\""), Ok(named("a")));
    assert_eq!(Definition::from_file("A.JSON", "{\"name\":\"a\"}"), Ok(named("a")));
    assert_eq!(Definition::from_file("-", " {\"name\":\"a\"}"), Ok(named("a")));
    assert_eq!(Definition::from_file("-", "name = \"a\""), Ok(named("a")));
    assert!(Definition::from_file("a.toml", "{}").is_err());
}

#[test]
fn what_cannot_be_read_is_named_with_its_place_and_line() {
    let json = |text| wrong_in(Definition::from_json(text));
    let toml = |text| wrong_in(Definition::from_toml(text));
    assert_eq!(
        json("{\n\"ces\":{\"bettr\":\"low\"}}"),
        ["ces.bettr: there is no field bettr here; there are better (line 2)"]
    );
    assert_eq!(
        toml("clock = \"calendar\"\n[ces]\nbetter = \"lo\"\n"),
        ["ces.better: lo is none of the choices; there are high, low (line 3)"]
    );
    let bad = "\n[[schedules]]\nname = \"a\"\nweekly = { saturday = [\"08:00-12:00\", \"25:00-26:00\"] }";
    assert_eq!(
        toml(bad),
        ["schedules[0].weekly.saturday[1]: 25:00-26:00 must be hours such as 08:00-16:00, 22:00-06:00 or 00:00-24:00 \
          (line 4)"]
    );
    assert_eq!(json(r#"{"goals":[{"at_least":1}]}"#), ["goals[0]: value is missing; it must be given (line 1)"]);
    assert_eq!(json(r#"{"clock":"calendar","clock":"business"}"#).len(), 1);
    assert!(json(r#"{"clock":"calendar","clock":"business"}"#)[0].contains("clock is given twice; leave one out"));
    assert!(json(r#"{"name":5}"#)[0].starts_with("name: must be a string, not integer 5"));
    assert!(json(r#"{"targets":[{"metric":"first_response","within":"0h"}]}"#)[0].contains("0h is zero"));
    let twice = r#"{"schedules":[{"name":"a","weekly":{"monday":["08:00-09:00"],"monday":["10:00-11:00"]}}]}"#;
    assert!(json(twice)[0].starts_with("schedules[0].weekly: monday is given twice"), "{:?}", json(twice));
    for cut in ["{", "", "{} {}", "[]", "null"] {
        assert_eq!(json(cut).len(), 1, "{cut}");
        assert!(Definition::default().with("ces", cut).is_err(), "{cut}");
    }
    assert_eq!(json(r#"{"ces":["low"]}"#), ["ces: must be an object of named fields, not a list"]);
    assert_eq!(toml("goals = [[\"opened\", 1]]"), ["goals[0]: must be an object of named fields, not a list"]);
    let is_syntax = |wrong: Result<Definition, Vec<Wrong>>| wrong.unwrap_err()[0].is_syntax;
    assert!(is_syntax(Definition::from_json("{")) && is_syntax(Definition::from_toml("a = ")));
    assert!(is_syntax(Definition::from_json("{} {}")));
    assert!(!is_syntax(Definition::from_json(r#"{"a":1}"#)) && !is_syntax(Definition::from_toml("a = 1")));
    assert!(toml("name = \n")[0].contains("(line 1)"), "{:?}", toml("name = \n"));
}

#[test]
fn a_document_cut_off_is_told_as_that_with_the_place_it_came_to() {
    let cut = |text: &str| wrong_in(Definition::from_json(text));
    assert_eq!(cut(r#"{"name":"a","#), ["ends too early; its last part is cut off (line 1)"]);
    assert_eq!(cut("{\"name\":\"a\",\n\"csat\":{"), ["csat: ends too early; its last part is cut off (line 2)"]);
}

#[test]
fn places_are_json_pointers_too() {
    let pointer = |place: &str| Wrong::new(place, "").pointer();
    assert_eq!(pointer("schedules[0].weekly.saturday[1]"), "/schedules/0/weekly/saturday/1");
    assert_eq!(pointer("schedules[0].breaks.2026-02-01"), "/schedules/0/breaks/2026-02-01");
    assert_eq!(pointer(""), "");
}

#[test]
fn the_published_schema_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/definition.schema.json");
    if std::env::var_os("DAFTAR_WRITE_SCHEMA").is_some() {
        std::fs::write(path, super::schema::schema()).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(published == super::schema::schema(), "run this test with DAFTAR_WRITE_SCHEMA=1 and commit {path}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_reads_back_the_same(definition in any_definition()) {
        let json = definition.to_json();
        prop_assert_eq!(Definition::from_json(&json), Ok(definition.clone()));
        prop_assert_eq!(Definition::from_json(&definition.to_json_pretty()), Ok(definition));
    }

    #[test]
    fn a_change_to_what_a_field_is_already_changes_nothing(definition in any_definition()) {
        let document = serde_json::to_value(&definition).unwrap();
        for (field, value) in document.as_object().unwrap() {
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            prop_assert_eq!(definition.with(field, &text), Ok(definition.clone()), "{}", field);
        }
    }

    #[test]
    fn so_does_one_to_any_value_within_a_field(definition in any_definition()) {
        let leaves = leaves("", &serde_json::to_value(&definition).unwrap());
        for (path, value) in &leaves {
            prop_assert_eq!(definition.with(path, value), Ok(definition.clone()), "{}={}", path, value);
        }
        let all = leaves.iter().map(|(path, value)| (path.as_str(), value.as_str()));
        prop_assert_eq!(definition.with_all(all), Ok(definition));
    }
}
