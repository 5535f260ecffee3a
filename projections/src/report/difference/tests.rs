//! Differences worked out by hand, and one changed figure among many.

use super::*;
use proptest::prelude::*;

fn report(head: &str, rows: &str) -> String {
    format!(r#"{{"report":"x","position":7,"as_of":null,{head},"rows":[{rows}]}}"#)
}

fn found(kept: &str, now: &str) -> Vec<String> {
    let mut out = Vec::new();
    let written = |difference: &Difference| {
        out.clear();
        difference.write(&mut out);
        String::from_utf8(out.clone()).unwrap()
    };
    differences(kept, now).unwrap().iter().map(written).collect()
}

#[test]
fn figures_are_named_under_their_rows() {
    let row = |month: &str, department: &str, percent: &str| {
        format!(
            r#"{{"period":"2026-{month}","start":"s","end":"e","group":{{"department":{department}}},"csat":{{"answers":3,"percent":{percent}}},"opened":1}}"#
        )
    };
    let head = r#""at":"2026-02-01T00:00:00Z","notes":[]"#;
    let kept = report(head, &[row("01", "\"a\"", "50"), row("01", "null", "60"), row("02", "\"a\"", "70")].join(","));
    let later = r#""at":"2026-03-01T00:00:00Z","notes":["a note"]"#;
    let now = report(later, &[row("01", "\"a\"", "50.5"), row("01", "null", "60"), row("03", "\"b\"", "1")].join(","));
    let (gone, new) = (row("02", "\"a\"", "70"), row("03", "\"b\"", "1"));
    assert_eq!(
        found(&kept, &now),
        [
            r#"{"field":"at","kept":"2026-02-01T00:00:00Z","now":"2026-03-01T00:00:00Z"}"#.to_owned(),
            r#"{"field":"notes","now":["a note"]}"#.to_owned(),
            r#"{"row":{"period":"2026-01","department":"a"},"figure":"csat.percent","kept":50,"now":50.5}"#.to_owned(),
            format!(r#"{{"row":{{"period":"2026-02","department":"a"}},"kept":{gone}}}"#),
            format!(r#"{{"row":{{"period":"2026-03","department":"b"}},"now":{new}}}"#),
        ]
    );
    assert_eq!(found(&kept, &kept.replace("\"position\":7,\"as_of\":null", "\"position\":9,\"as_of\":9")), [""; 0]);
}

#[test]
fn numbers_are_compared_to_the_last_digit() {
    let row = |sum: &str| report("\"at\":null", &format!(r#"{{"period":null,"group":{{}},"sum":{sum}}}"#));
    let (kept, now) = (row("9007199254740993.000001"), row("9007199254740993.000002"));
    let told = r#"{"row":{},"figure":"sum","kept":9007199254740993.000001,"now":9007199254740993.000002}"#;
    assert_eq!(found(&kept, &now), [told]);
}

#[test]
fn items_of_lists_are_told_apart_by_what_they_are_about() {
    let flow = |between: &str| {
        report("\"at\":null", &format!(r#"{{"period":null,"group":{{}},"opened":1,"between":[{between}]}}"#))
    };
    let one = r#"{"from":"a","to":"b","count":1}"#;
    let kept = flow(one);
    let now = flow(&format!(r#"{{"from":"a","to":null,"count":4}},{}"#, one.replace(":1", ":2")));
    assert_eq!(
        found(&kept, &now),
        [
            r#"{"row":{},"figure":"between[from=a,to=b].count","kept":1,"now":2}"#,
            r#"{"row":{},"figure":"between[from=a,to=null].count","now":4}"#,
        ]
    );
    assert_eq!(found(&flow(""), &kept), [r#"{"row":{},"figure":"between[from=a,to=b].count","now":1}"#]);
    let running = |left: &str| {
        let ticket = |id: &str, left: &str| format!(r#"{{"ticket":"{id}","due_at":"t","left":{left}}}"#);
        let list = [ticket("HD-1", "5"), ticket("HD-2", left), ticket("HD-2", "8")].join(",");
        report("\"at\":null", &format!(r#"{{"period":null,"group":{{}},"next":{{"running_tickets":[{list}]}}}}"#))
    };
    let told = r#"{"row":{},"figure":"next.running_tickets[ticket=HD-2].left","kept":6,"now":7}"#;
    assert_eq!(found(&running("6"), &running("7")), [told]);
}

#[test]
fn rows_without_a_group_are_told_apart_by_ticket_or_agent() {
    let queue = |rows: &[(&str, &str)]| {
        let row = |(ticket, agent): &(&str, &str)| {
            format!(r#"{{"period":null,"group":{{}},"ticket":"{ticket}","reasons":["a","b"],"agent":"{agent}"}}"#)
        };
        report("\"at\":null", &rows.iter().map(row).collect::<Vec<_>>().join(","))
    };
    let (kept, now) = (queue(&[("HD-1", "ali"), ("HD-2", "sara")]), queue(&[("HD-2", "reza"), ("HD-1", "ali")]));
    assert_eq!(found(&kept, &now), [r#"{"row":{"ticket":"HD-2"},"figure":"agent","kept":"sara","now":"reza"}"#]);
    let turned = queue(&[("HD-2", "sara"), ("HD-1", "ali")]);
    assert_eq!(found(&kept, &turned), [r#"{"field":"order"}"#]);
    let board = |rank: &str| {
        report("\"at\":null", &format!(r#"{{"period":null,"group":{{}},"rank":{rank},"agent":"ali","closed":2}}"#))
    };
    assert_eq!(
        found(&board("1"), &board("2")),
        [r#"{"row":{"agent":"ali"},"figure":"rank","kept":1,"now":2}"#],
        "an agent of a leaderboard"
    );
}

#[test]
fn rows_are_told_in_words() {
    let rows = r#"{"period":"2026-01","group":{"department":"فنی","tag":null}},{"period":null,"group":{}}"#;
    let text = report("\"at\":null", rows);
    let names: Vec<_> = Written::of(&text).unwrap().rows.iter().map(|row| row.name.to_string()).collect();
    assert_eq!(names, ["2026-01, department فنی, tag null", "all"]);
}

#[test]
fn what_is_no_report_is_said() {
    for text in ["", "[]", r#"{"rows":{}}"#, r#"{"rows":[1]}"#] {
        assert!(differences(text, r#"{"rows":[]}"#).is_err(), "{text}");
    }
}

/// Rows of a report: two groups and figures by number, each value a number.
fn any_rows() -> impl Strategy<Value = Vec<Vec<u32>>> {
    (1_usize..6).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(0..5_u32, width), 1..8))
}

fn text_of(rows: &[Vec<u32>]) -> String {
    let row = |(number, figures): (usize, &Vec<u32>)| {
        let figure = |(n, value): (usize, &u32)| format!(r#","f{n}":{{"count":{value},"of":[{{"hour":1,"n":0}}]}}"#);
        let figures: String = figures.iter().enumerate().map(figure).collect();
        let (month, team) = (number / 2 + 1, number % 2);
        format!(r#"{{"period":"2026-0{month}","start":"s","end":"e","group":{{"agent":"a{team}"}}{figures}}}"#)
    };
    report("\"at\":null,\"notes\":[]", &rows.iter().enumerate().map(row).collect::<Vec<_>>().join(","))
}

proptest! {
    #[test]
    fn equal_reports_do_not_differ_and_one_changed_figure_is_named_alone(
        rows in any_rows(),
        row in any::<prop::sample::Index>(),
        figure in any::<prop::sample::Index>(),
        more in 1..9_u32,
    ) {
        let kept = text_of(&rows);
        // Of another position, so that they are taken apart.
        prop_assert_eq!(differences(&kept, &kept.replacen(":7,", ":8,", 1)).unwrap(), vec![]);
        let (row, figure) = (row.index(rows.len()), figure.index(rows[0].len()));
        let mut changed = rows.clone();
        changed[row][figure] += more;
        let expected = format!(
            r#"{{"row":{{"period":"2026-0{}","agent":"a{}"}},"figure":"f{figure}.count","kept":{},"now":{}}}"#,
            row / 2 + 1, row % 2, rows[row][figure], changed[row][figure]
        );
        prop_assert_eq!(found(&kept, &text_of(&changed)), vec![expected]);
    }

    #[test]
    fn a_row_that_only_one_has_is_named_whole(rows in any_rows(), row in any::<prop::sample::Index>()) {
        // The last rows alone can go: the others take their names from their numbers.
        let left = row.index(rows.len());
        let (kept, now) = (text_of(&rows), text_of(&rows[..left]));
        let whole = |place: &Place| matches!(place, Place::Row(_));
        for (first, second) in [(&kept, &now), (&now, &kept)] {
            let found = differences(first, second).unwrap();
            prop_assert_eq!(found.len(), rows.len() - left);
            prop_assert!(found.iter().all(|difference| whole(&difference.place)));
        }
    }
}
