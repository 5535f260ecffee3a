//! What is told is what the decoder says, of facts in either form, and what a block keeps is what was stored.

use super::*;
use crate::codec::listed::{TextList, write};
use crate::codec::v1;
use crate::codec::{decode_facts, encode};
use proptest::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// Types that are known, and some that are not.
const TYPES: std::ops::Range<u16> = 0..18;

/// Bytes that often are something: small numbers, short texts.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![6 => 0..2_u8, 3 => 2..6_u8, 2 => b'a'..=b'z', 1 => any::<u8>()];
    prop::collection::vec(byte, 0..48)
}

/// Whatever is told, written down.
fn told(event_type: EventType, schema: u8, facts: EncodedFacts<'_>) -> Result<String, CodecError> {
    read(event_type, schema, facts, |told: &Told<'_>| format!("{told:?}"))
}

/// The same of what is decoded.
fn decoded(event_type: EventType, schema: u8, facts: EncodedFacts<'_>) -> Result<String, CodecError> {
    facts.decode(event_type, schema).map(|facts| format!("{:?}", Told::from(&facts)))
}

/// The texts of a list, as a block has them.
fn texts_of(list: &TextList) -> Texts {
    let section = list.section();
    let len = section.len();
    Texts::new(Arc::new(section), 0..len, list.len())
}

/// Stored facts are in a block what they are in the log, and are told as they are decoded.
fn agree(event_type: EventType, schema: u8, bytes: &[u8]) -> Result<(), TestCaseError> {
    let stored = EncodedFacts::stored(bytes);
    prop_assert_eq!(told(event_type, schema, stored), decoded(event_type, schema, stored));
    let mut list = TextList::default();
    // Others stand there before.
    assert_eq!("first second".split(' ').map_while(|text| list.number(text)).count(), 2);
    let mut kept = Vec::new();
    let is_kept = write(event_type, schema, bytes, &mut list, &mut kept).is_some();
    prop_assert_eq!(is_kept, !event_type.is_of_tickets() || stored.decode(event_type, schema).is_ok());
    if is_kept {
        let texts = texts_of(&list);
        prop_assert!(texts.are_there());
        let of_block = EncodedFacts::of_block(&kept, Some(&texts));
        prop_assert_eq!(of_block.decode(event_type, schema), stored.decode(event_type, schema));
        prop_assert_eq!(told(event_type, schema, of_block), decoded(event_type, schema, stored));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_is_what_is_decoded_and_what_is_kept_what_was_stored(bytes in bytes(), schema in 0..3_u8) {
        for event_type in TYPES.map(EventType) {
            agree(event_type, schema, &bytes)?;
            // The longest front that is something.
            let mut fronts = (0..=bytes.len()).rev().map(|end| &bytes[..end]);
            if let Some(front) = fronts.find(|front| decode_facts(event_type, 1, front).is_ok()) {
                agree(event_type, 1, front)?;
            }
        }
    }

    #[test]
    fn bytes_that_no_block_has_are_told_as_they_are_decoded_or_refused(bytes in bytes(), schema in 0..3_u8) {
        let mut list = TextList::default();
        assert_eq!("a few texts".split(' ').map_while(|text| list.number(text)).count(), 3);
        let texts = texts_of(&list);
        for event_type in TYPES.map(EventType) {
            for front in (0..=bytes.len()).map(|end| &bytes[..end]) {
                let facts = EncodedFacts::of_block(front, Some(&texts));
                prop_assert_eq!(told(event_type, schema, facts), decoded(event_type, schema, facts));
            }
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
fn facts_with_texts_of_any_length_and_writing_are_kept_and_told() {
    let long = "a".repeat(300);
    let texts = ["", "a", "agent-7", "department-003", "exactly-16-bytes", "some more than 16", "پشتیبانی", "تهران"];
    for text in texts.into_iter().chain([&long[..]]) {
        for (event_type, bytes) in with_text(text) {
            agree(event_type, 1, &bytes).unwrap();
            // Nothing of the facts is left out.
            let facts = format!("{:?}", decode_facts(event_type, 1, &bytes).unwrap());
            assert_eq!(told(event_type, 1, EncodedFacts::stored(&bytes)).unwrap(), facts.replace("V1 {", " {"));
        }
    }
}

#[test]
fn a_text_is_listed_once_in_the_order_in_which_texts_come() {
    let mut list = TextList::default();
    let mut kept = Vec::new();
    for text in ["سارا", "reza", "سارا"] {
        let assigned = stored(&v1::TicketAssignedV1 { agent: Some(text) });
        write(EventType::TICKET_ASSIGNED, 1, &assigned, &mut list, &mut kept).unwrap();
    }
    // Whether there is one, and its number.
    assert_eq!(kept, [1, 0, 0, 1, 1, 0, 1, 0, 0]);
    // Where each ends, then both.
    assert_eq!(list.section(), [&[8, 0, 0, 0, 12, 0, 0, 0], "ساراreza".as_bytes()].concat());
}

#[test]
fn texts_that_are_cut_through_a_letter_are_none() {
    let texts = |ends: [u32; 2], all: &str| {
        let section = [&ends.map(u32::to_le_bytes).concat()[..], all.as_bytes()].concat();
        let len = section.len();
        Texts::new(Arc::new(section), 0..len, 2).are_there()
    };
    assert!(texts([8, 12], "ساراreza"));
    assert!(texts([12, 12], "ساراreza"));
    for ends in [[7, 12], [8, 11], [12, 8], [8, 13]] {
        assert!(!texts(ends, "ساراreza"), "{ends:?}");
    }
}

#[test]
fn more_texts_than_can_be_told_apart_are_not_listed() {
    let mut list = TextList::default();
    assert!((0..=u16::MAX).all(|number| list.number(&number.to_string()) == Some(number)));
    assert_eq!(list.number("one more"), None);
    assert_eq!(list.number("7"), Some(7));
}

#[test]
fn texts_of_lists_without_a_number_have_no_place() {
    let mut list = TextList::default();
    list.number("reza").unwrap();
    let mut texts = texts_of(&list);
    assert_eq!(Text::listed(&texts, 0).place(), None);
    texts.number(7);
    assert_eq!(Text::listed(&texts, 0).place(), Some(Place { list: 7, number: 0 }));
    assert_eq!(Text::listed(&texts, 0).as_str(), "reza");
}
