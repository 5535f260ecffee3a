//! What is told is what the decoder says, of any bytes and in either way.

use super::*;
use crate::codec::v1;
use crate::codec::{decode, decode_facts, encode};
use proptest::prelude::*;
use serde::Serialize;

/// Types that are known, and some that are not.
const TYPES: std::ops::Range<u16> = 0..18;

/// Bytes that often are something: small numbers, short texts.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![6 => 0..2_u8, 3 => 2..6_u8, 2 => b'a'..=b'z', 1 => any::<u8>()];
    prop::collection::vec(byte, 0..48)
}

/// Whatever is told, written down.
fn told(event_type: EventType, schema: u8, bytes: &[u8]) -> Result<String, CodecError> {
    read(event_type, schema, bytes, |told: &Told<'_>| format!("{told:?}"))
}

/// Whether what can be decoded is read straight from the bytes, which are not unusual.
fn is_read_quickly<'a, T: AsStored<'a>>(bytes: &'a [u8]) -> bool {
    decode::<T::Stored>("facts", bytes).is_ok() == read_today::<T>(1, bytes).is_some()
}

/// What is told is what is decoded.
fn agree(event_type: EventType, schema: u8, bytes: &[u8]) -> Result<(), TestCaseError> {
    let decoded = decode_facts(event_type, schema, bytes).map(|facts| format!("{:?}", Told::from(&facts)));
    prop_assert_eq!(told(event_type, schema, bytes), decoded);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_is_what_is_decoded(bytes in bytes(), schema in 0..3_u8) {
        for event_type in TYPES.map(EventType) {
            agree(event_type, schema, &bytes)?;
            // The longest front that is something.
            let mut fronts = (0..=bytes.len()).rev().map(|end| &bytes[..end]);
            if let Some(front) = fronts.find(|front| decode_facts(event_type, 1, front).is_ok()) {
                agree(event_type, 1, front)?;
            }
        }
    }
}

macro_rules! all_are_read_quickly {
    ($bytes:expr; $($name:ident)*) => { $( prop_assert!(is_read_quickly::<$name>($bytes), stringify!($name)); )* };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn what_is_usual_is_read_straight_from_the_bytes(bytes in bytes()) {
        prop_assume!(bytes.iter().all(|byte| *byte <= 250));
        for front in (0..=bytes.len()).map(|end| &bytes[..end]) {
            all_are_read_quickly!(front; TicketOpened TicketAssigned TicketTransferred PriorityChanged TagsChanged);
            all_are_read_quickly!(front; ReplyPosted ReplyRated TicketHeld TicketResumedV1 TicketClosed SurveySubmitted);
            all_are_read_quickly!(front; TicketReopened TicketVoided TicketRestoredV1 FollowUpRecorded);
        }
    }
}

fn stored(facts: &impl Serialize) -> Vec<u8> {
    encode("facts", facts).unwrap()
}

/// Facts of every type that has texts, each with this one wherever a text can be.
fn with_text(text: &str) -> Vec<(EventType, Vec<u8>)> {
    let (by, automation) = (v1::ActorV1::Agent(text), v1::ActorV1::Automation(Some(text)));
    let opened = v1::TicketOpenedV1 {
        by: Some(automation),
        owner: v1::OwnerV1::Customer([0xff; 16]),
        channel: Some(text),
        branch: Some(text),
        department: Some(text),
        priority: 3,
        customer_tier: Some(text),
        language: Some(text),
        tags: vec![text, text],
        attributes: vec![(text, text)],
    };
    let closed = v1::TicketClosedV1 {
        by,
        survey_offered: true,
        reason: Some(text),
        duplicate_of: Some(text),
        form: Some(v1::FormV1 { name: text, version: 7 }),
    };
    let survey = v1::SurveySubmittedV1 {
        closing: 1,
        overall: None,
        questions: vec![(text, 4), (text, 5)],
        choices: vec![(text, vec![text, text])],
        nps: Some(9),
        ces: None,
    };
    let set = v1::ChangeV1::Set(text);
    vec![
        (EventType::TICKET_OPENED, stored(&opened)),
        (EventType::TICKET_ASSIGNED, stored(&v1::TicketAssignedV1 { agent: Some(text) })),
        (EventType::TICKET_TRANSFERRED, stored(&v1::TicketTransferredV1 { branch: set, department: set })),
        (EventType::TAGS_CHANGED, stored(&v1::TagsChangedV1 { added: vec![text], removed: vec![text, text] })),
        (EventType::REPLY_POSTED, stored(&v1::ReplyPostedV1 { by, visibility: 0, channel: Some(text) })),
        (EventType::TICKET_CLOSED, stored(&closed)),
        (EventType::SURVEY_SUBMITTED, stored(&survey)),
        (EventType::TICKET_REOPENED, stored(&v1::TicketReopenedV1 { by: automation, reason: Some(text) })),
        (EventType::TICKET_VOIDED, stored(&v1::TicketVoidedV1 { reason: text })),
        (EventType::FOLLOW_UP_RECORDED, stored(&v1::FollowUpRecordedV1 { by, means: 3 })),
    ]
}

#[test]
fn facts_with_texts_of_any_length_and_writing_are_told() {
    for text in ["", "a", "agent-7", "department-003", "exactly-16-bytes", "some more than 16", "پشتیبانی", "تهران"]
    {
        for (event_type, bytes) in with_text(text) {
            // Nothing of the facts is left out.
            let facts = format!("{:?}", decode_facts(event_type, 1, &bytes).unwrap());
            assert_eq!(told(event_type, 1, &bytes).unwrap(), facts.replace("V1 {", " {"));
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_a_text_stands() {
    // Marks that stand nowhere else in the facts: of a short text, and of one that has no key of its own.
    for text in ["QQ", "QQQQQQQQ", "a text that is long enough for QQ"] {
        for (event_type, bytes) in with_text(text) {
            let places = (1..bytes.len()).filter(|end| bytes[end - 1..=*end] == *b"QQ");
            for place in places {
                let mut bytes = bytes.clone();
                bytes[place] = 0xc0;
                assert!(decode_facts(event_type, 1, &bytes).is_err());
                let refused = told(event_type, 1, &bytes).unwrap_err();
                assert_eq!(refused, decode_facts(event_type, 1, &bytes).unwrap_err());
            }
        }
    }
}

#[test]
fn a_text_too_long_to_be_read_quickly_is_told() {
    let text = "a".repeat(300);
    for (event_type, bytes) in with_text(&text) {
        agree(event_type, 1, &bytes).unwrap();
    }
}
