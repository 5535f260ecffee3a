//! The text form from outside: the examples of the published form, what is wrong in bad lines, any event there and back.

use super::read::SHAPES;
use super::*;
use daftar_domain::ids::{CustomerId, DepartmentId};
use daftar_domain::satisfaction::Score;
use daftar_domain::ticket::Change;
use daftar_domain::{Actor, EventKind};
use proptest::prelude::*;

mod any;

/// The contract's lines, their times and texts filled in.
const EXAMPLES: [&str; 15] = [
    r#"{"type":"ticket_opened","ticket":"HD-1001","occurred_at":"2026-01-03T08:12:00Z","customer":"c-42","channel":"email","branch":"tehran","department":"technical","priority":"normal","customer_tier":"gold","tags":["login"],"language":"fa","attributes":{"request_type":"fault"},"subject":"ورود","body":"وارد نمی‌شوم","attachments":[{"name":"a.png","media_type":"image/png","size":1024,"sha256":"ab","url":"https://files/a.png"}]}"#,
    r#"{"type":"ticket_assigned","ticket":"HD-1001","occurred_at":"2026-01-03T08:13:00Z","agent":"sara"}"#,
    r#"{"type":"ticket_transferred","ticket":"HD-1001","occurred_at":"2026-01-03T08:14:00Z","branch":"tehran","department":"billing"}"#,
    r#"{"type":"priority_changed","ticket":"HD-1001","occurred_at":"2026-01-03T08:15:00Z","priority":"high"}"#,
    r#"{"type":"tags_changed","ticket":"HD-1001","occurred_at":"2026-01-03T08:16:00Z","added":["refund"],"removed":[]}"#,
    r#"{"type":"reply_posted","ticket":"HD-1001","occurred_at":"2026-01-03T08:17:00Z","author":{"kind":"agent","id":"sara"},"visibility":"public","channel":"email","body":"سلام"}"#,
    r#"{"type":"reply_rated","ticket":"HD-1001","occurred_at":"2026-01-03T08:18:00Z","reply":1,"rating":"satisfied"}"#,
    r#"{"type":"ticket_held","ticket":"HD-1001","occurred_at":"2026-01-03T08:19:00Z","waiting_for":"third_party"}"#,
    r#"{"type":"ticket_resumed","ticket":"HD-1001","occurred_at":"2026-01-03T08:20:00Z"}"#,
    r#"{"type":"ticket_closed","ticket":"HD-1001","occurred_at":"2026-01-03T08:21:00Z","by":{"kind":"agent","id":"sara"},"survey_offered":true,"reason":"solved","duplicate_of":null,"form":"default@1"}"#,
    r#"{"type":"survey_submitted","ticket":"HD-1001","occurred_at":"2026-01-03T08:22:00Z","closing":1,"overall":{"scale":"five","score":4},"questions":{"agent_behaviour":5,"follow_up":4,"quality":4,"resolution":5,"speed":5},"choices":{"heard_from":["friend"]},"nps":9,"ces":6,"texts":{"suggestion":"…"},"comment":"…"}"#,
    r#"{"type":"ticket_reopened","ticket":"HD-1001","occurred_at":"2026-01-03T08:23:00Z","by":{"kind":"customer","id":"c-42"},"reason":"not_solved"}"#,
    r#"{"type":"ticket_voided","ticket":"HD-1001","occurred_at":"2026-01-03T08:24:00Z","reason":"spam"}"#,
    r#"{"type":"ticket_restored","ticket":"HD-1001","occurred_at":"2026-01-03T08:25:00Z"}"#,
    r#"{"type":"follow_up_recorded","ticket":"HD-1001","occurred_at":"2026-01-03T08:26:00Z","by":{"kind":"agent","id":"sara"},"means":"call","note":"…"}"#,
];

fn parsed(text: &str) -> Line {
    parse_line(text.as_bytes()).unwrap_or_else(|e| panic!("{e} in {text}"))
}

fn refused(text: &str) -> LineError {
    parse_line(text.as_bytes()).expect_err(text)
}

fn written(line: &Line) -> String {
    let mut out = Vec::new();
    write_line(&mut out, line);
    String::from_utf8(out).unwrap()
}

/// A line of `event_type` with `fields` after the three that all have.
fn line_of(event_type: &str, fields: &str) -> String {
    let comma = if fields.is_empty() { "" } else { "," };
    format!(r#"{{"type":"{event_type}","ticket":"t-1","occurred_at":"2026-01-03T08:12:00Z"{comma}{fields}}}"#)
}

fn kind_of(event_type: &str, fields: &str) -> EventKind {
    parsed(&line_of(event_type, fields)).event.kind
}

#[test]
fn the_contracts_examples_are_written_as_they_were_read() {
    for example in EXAMPLES {
        let line = parsed(example);
        assert_eq!(written(&line), example.replace(r#","duplicate_of":null"#, "") + "\n");
        assert_eq!(parsed(&written(&line)), line);
    }
}

#[test]
fn exported_lines_carry_what_the_log_added() {
    let added = r#""position":48211,"version":3,"recorded_at":"2026-01-03T08:12:00.000001Z","event_id":"log-48211""#;
    let line = parsed(&line_of("ticket_resumed", added));
    assert_eq!((line.position, line.version), (Some(48211), Some(3)));
    assert_eq!(line.recorded_at.unwrap().micros() % 1_000_000, 1);
    assert_eq!(line.event_id.as_deref(), Some("log-48211"));
    assert_eq!(written(&line), line_of("ticket_resumed", added) + "\n");
}

#[test]
fn who_did_it_and_why_stand_after_the_time() {
    let fields = r#""by":{"kind":"automation","id":"auto-close"},"cause":{"position":7,"rule":"idle@2"},"agent":null"#;
    let line = parsed(&line_of("ticket_assigned", fields));
    assert_eq!(line.event.cause.as_ref().unwrap().position, 7);
    assert_eq!(line.event.kind, EventKind::TicketAssigned { agent: None });
    assert_eq!(written(&line), line_of("ticket_assigned", fields) + "\n");
}

#[test]
fn the_customer_is_kept_as_given() {
    let by = |fields: &str| parsed(&line_of("ticket_opened", fields)).event.by;
    let named = Actor::Customer(Some(CustomerId::parse("id", "c-42").unwrap()));
    assert_eq!(by(r#""customer":"c-42""#), None);
    assert_eq!(by(r#""customer":"c-42","by":{"kind":"customer"}"#), Some(Actor::Customer(None)));
    assert_eq!(by(r#""customer":"c-42","by":{"kind":"customer","id":"c-42"}"#), Some(named));
}

#[test]
fn null_clears_in_a_transfer_and_means_left_out_elsewhere() {
    let billing = Change::Set(DepartmentId::parse("department", "billing").unwrap());
    let transfer = kind_of("ticket_transferred", r#""branch":null,"department":"billing""#);
    assert_eq!(transfer, EventKind::TicketTransferred { branch: Change::Clear, department: billing.clone() });
    let transfer = kind_of("ticket_transferred", r#""department":"billing""#);
    assert_eq!(transfer, EventKind::TicketTransferred { branch: Change::Keep, department: billing });
    let nulls = r#""customer":null,"priority":null,"tags":null,"attributes":{"a":null},"body":null,"by":null"#;
    assert_eq!(kind_of("ticket_opened", nulls), kind_of("ticket_opened", ""));
    let left_out = r#""by":{"kind":"customer"},"survey_offered":null,"form":null,"event_id":null,"cause":null"#;
    assert_eq!(kind_of("ticket_closed", left_out), kind_of("ticket_closed", r#""by":{"kind":"automation"}"#));
}

#[test]
fn words_and_objects_stand_for_scores() {
    let rating = |text: &str| match kind_of("reply_rated", &format!(r#""reply":1,"rating":{text}"#)) {
        EventKind::ReplyRated { rating, .. } => rating,
        other => panic!("{other:?}"),
    };
    assert_eq!(rating(r#""dissatisfied""#), Score::DISSATISFIED);
    assert_eq!(rating(r#"{"score":1,"scale":"binary"}"#), Score::SATISFIED);
    assert_eq!(rating(r#""excellent""#), rating(r#"{"scale":"four","score":4}"#));
}

#[test]
fn names_each_field_that_is_wrong_and_how() {
    let closed_by = r#""by":{"kind":"automation"}"#;
    let cases: &[(&str, &str, &str)] = &[
        ("ticket_deleted", "", "type is \"ticket_deleted\": must be one of ticket_opened, ticket_assigned, "),
        ("ticket_opened", r#""colour":"red""#, "colour is not a field of ticket_opened, which has type, ticket, "),
        ("ticket_opened", r#""customer":"a b""#, "customer is \"a b\": must be of letters"),
        ("ticket_opened", r#""customer":42"#, "customer is the number 42: must be a string"),
        ("ticket_opened", r#""priority":"asap""#, "priority is \"asap\": must be low, normal, high or urgent"),
        ("ticket_opened", r#""tags":"login""#, "tags is the string \"login\": must be a list"),
        ("ticket_opened", r#""tags":["a",7]"#, "tags[1] is the number 7: must be a string"),
        ("ticket_opened", r#""tags":["a","b","a"]"#, "tags[2] is in the list already"),
        ("ticket_opened", r#""language":"fa_IR""#, "language is \"fa_IR\": must be a language tag"),
        ("ticket_opened", r#""attributes":["a"]"#, "attributes is a list: must be an object"),
        ("ticket_opened", r#""attributes":{"a":1}"#, "attributes.a is the number 1: must be a string"),
        ("ticket_opened", r#""attributes":{"a b":"1"}"#, "attributes.a b is \"a b\": must be of letters"),
        ("ticket_opened", r#""attributes":{"a":"1","a":"2"}"#, "attributes.a is given twice"),
        ("ticket_opened", r#""attachments":[{"size":1}]"#, "attachments[0].name is missing"),
        ("ticket_opened", r#""attachments":[{"name":"a","size":-1}]"#, "attachments[0].size is the number -1: must be"),
        ("ticket_opened", r#""attachments":[{"name":"a","path":"/"}]"#, "attachments[0].path is not a field of"),
        ("ticket_opened", r#""by":{"kind":"robot"}"#, "by.kind is \"robot\": must be agent, customer or automation"),
        ("ticket_opened", r#""by":{"kind":"agent"}"#, "by.id is missing"),
        ("ticket_opened", r#""by":{"kind":"agent","id":null}"#, "by.id is null: must be a string"),
        ("ticket_opened", r#""by":"sara""#, "by is the string \"sara\": must be an object"),
        ("ticket_opened", r#""by":{"kind":"customer","name":"x"}"#, "by.name is not a field of an actor"),
        ("ticket_assigned", "", "agent is missing: null says"),
        ("ticket_transferred", "", "branch or department must be given"),
        ("priority_changed", "", "priority is missing"),
        ("tags_changed", "", "added or removed must be given"),
        ("reply_posted", "", "author is missing"),
        (
            "reply_posted",
            r#""author":{"kind":"customer"},"by":{"kind":"customer"}"#,
            "by is not a field of reply_posted",
        ),
        ("reply_posted", r#""author":{"kind":"customer"},"visibility":"secret""#, "visibility is \"secret\": must be"),
        ("ticket_held", r#""waiting_for":"agent""#, "waiting_for is \"agent\": must be customer or third_party"),
        ("reply_rated", r#""reply":0,"rating":"good""#, "reply is the number 0: must be a whole number from 1 to"),
        ("reply_rated", r#""reply":1.0,"rating":"good""#, "reply is the number 1.0: must be a whole number"),
        ("reply_rated", r#""reply":4294967296,"rating":"good""#, "reply is the number 4294967296: must be a whole"),
        ("reply_rated", r#""reply":1,"rating":"meh""#, "rating is \"meh\": must be dissatisfied, satisfied, "),
        ("reply_rated", r#""reply":1,"rating":5"#, "rating is the number 5: must be a word or an object"),
        ("reply_rated", r#""reply":1,"rating":{"scale":"five"}"#, "rating.score is missing"),
        (
            "reply_rated",
            r#""reply":1,"rating":{"scale":"six","score":"x"}"#,
            "rating.score is the string \"x\": must be",
        ),
        (
            "reply_rated",
            r#""reply":1,"rating":{"scale":"five","score":6}"#,
            "rating.score is \"6\": must be a whole number",
        ),
        ("ticket_closed", "", "by is missing"),
        (
            "ticket_closed",
            &format!(r#"{closed_by},"survey_offered":"yes""#),
            "survey_offered is the string \"yes\": must",
        ),
        ("ticket_closed", &format!(r#"{closed_by},"form":"default""#), "form is \"default\": must be a form's name"),
        ("survey_submitted", r#""nps":9"#, "closing is missing"),
        ("survey_submitted", r#""closing":1,"nps":9.0"#, "nps is the number 9.0: must be a whole number"),
        ("survey_submitted", r#""closing":1,"nps":11"#, "nps is \"11\": must be a whole number from 0 to 10"),
        ("survey_submitted", r#""closing":1,"ces":true"#, "ces is true: must be a whole number"),
        (
            "survey_submitted",
            r#""closing":1,"questions":{"speed":6}"#,
            "questions.speed is \"6\": must be a whole number",
        ),
        ("survey_submitted", r#""closing":1,"choices":{"q":["a","a"]}"#, "choices.q[1] is in the list already"),
        ("survey_submitted", r#""closing":1,"texts":{"q":[]}"#, "texts.q is a list: must be a string"),
        ("ticket_reopened", "", "by is missing"),
        ("ticket_voided", r#""reason":null"#, "reason is null: must be a string"),
        ("follow_up_recorded", closed_by, "means is missing"),
        ("ticket_resumed", r#""cause":{"position":1}"#, "cause.rule is missing"),
        ("ticket_resumed", r#""position":0"#, "position is the number 0: must be a whole number from 1"),
        ("ticket_resumed", r#""version":"3""#, "version is the string \"3\": must be a whole number"),
        ("ticket_resumed", r#""recorded_at":"yesterday""#, "recorded_at is \"yesterday\": must be an instant"),
        ("ticket_resumed", r#""event_id":"""#, "event_id is \"\": must not be empty"),
        ("ticket_resumed", r#""ticket":"t-2""#, "ticket is given twice"),
    ];
    for (event_type, fields, expected) in cases {
        let error = refused(&line_of(event_type, fields));
        let found = error.faults.iter().any(|fault| fault.to_string().starts_with(expected));
        assert!(found, "{event_type} {fields}: {error}");
        assert_eq!((error.event_type.as_deref(), error.ticket.as_deref()), (Some(*event_type), Some("t-1")));
    }
}

#[test]
fn finds_all_faults_of_a_line_at_once() {
    let error = refused(
        r#"{"type":"survey_submitted","ticket":"no good","occurred_at":"2026-02-30T00:00:00Z","closing":1,"nps":11,"ces":0,"x":1}"#,
    );
    let fields: Vec<_> = error.faults.iter().map(|fault| fault.field.as_deref().unwrap()).collect();
    assert_eq!(fields, ["ticket", "occurred_at", "nps", "ces", "x"]);
    assert!(error.to_string().contains("; nps is \"11\": must be a whole number from 0 to 10; ces is"), "{error}");
}

#[test]
fn a_line_full_of_faults_has_a_short_error() {
    let long = "x".repeat(10_000);
    let many: Vec<String> = (0..30_000).map(|n| format!(r#""f{n}":1,"f{n}":1"#)).collect();
    let error = refused(&line_of("ticket_resumed", &format!(r#""{long}":"{long}""#)));
    assert!(error.to_string().len() < 400, "{error}");
    let error = refused(&line_of("ticket_resumed", &many.join(",")));
    assert_eq!(error.faults.len(), 21);
    assert!(error.to_string().ends_with("; and 59980 more faults"), "{error}");
}

#[test]
fn says_why_a_line_is_no_object() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "the line is empty"),
        (b"  \r\n", "the line is empty"),
        (b"null", "the line is null: must be an object"),
        (b"[{}]", "the line is a list: must be an object"),
        (b"{\"a\":\"\xff\"}", "the line is not UTF-8: the byte at offset 6 is not text"),
        (b"{\"a\":1} {}", "the line is not JSON: trailing characters at column 9"),
        (b"{\"a\":1,}", "the line is not JSON: trailing comma at column 8"),
        (b"{'a':1}", "the line is not JSON: key must be a string at column 2"),
        (b"{\"ticket\":\"t", "the line is cut off: EOF while parsing a string at column 12"),
        ("{\"سلام\":nul}".as_bytes(), "the line is not JSON: expected ident at column 12"),
        (b"{}", "type is missing; ticket is missing; occurred_at is missing"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(parse_line(bytes).unwrap_err().to_string(), *expected);
    }
}

#[test]
fn a_line_cut_off_anywhere_is_refused_with_what_was_seen() {
    for example in EXAMPLES {
        for end in (0..example.len()).filter(|end| example.is_char_boundary(*end)) {
            let error = refused(&example[..end]);
            let ticket_is_whole = end > example.find(r#""HD-1001""#).unwrap() + 8;
            assert_eq!(error.ticket.as_deref(), ticket_is_whole.then_some("HD-1001"), "{}", &example[..end]);
        }
    }
}

#[test]
fn a_line_may_have_a_megabyte_and_no_more() {
    let empty = line_of("ticket_opened", r#""body":"""#);
    let full = line_of("ticket_opened", &format!(r#""body":"{}""#, "x".repeat(LINE_BYTES_MAX - empty.len())));
    assert_eq!(full.len(), LINE_BYTES_MAX);
    assert!(parse_line(format!("{full}\r\n").as_bytes()).is_ok());
    assert!(refused(&full.replacen('x', "xx", 1)).to_string().contains("1048577 bytes"));
}

#[test]
fn every_type_takes_the_fields_it_names() {
    for shape in &SHAPES {
        let fields: Vec<_> = shape.fields().into_iter().map(|name| format!(r#""{name}":[]"#)).collect();
        let fields = fields.join(",").replacen("[]", &format!(r#""{}""#, shape.name), 1);
        let error = refused(&format!("{{{fields}}}")).to_string();
        assert!(!error.contains("is not a field"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_event_comes_back_as_it_was(line in any::line()) {
        let text = written(&line);
        prop_assert_eq!(parse_line(text.as_bytes()), Ok(line), "{}", text);
        prop_assert_eq!(text.matches('\n').count(), 1, "a line is one line");
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(parse_line(&bytes).is_err());
    }

    #[test]
    fn a_line_with_a_byte_changed_is_answered(line in any::line(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = written(&line).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(line) = parse_line(&bytes) {
            prop_assert_eq!(parse_line(written(&line).as_bytes()), Ok(line));
        }
    }
}
