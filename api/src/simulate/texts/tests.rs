//! Whether the texts are complete and rightly spelt.

use super::phrases::{
    AGAIN, ASKING, ASKING_OF_FAULT, BLAME, DETAILS, DETAILS_OF_FAULT, FAREWELL, FOLLOWED_UP, GREETING, NOTE, NUDGE,
    PRAISE, RECEIVED, REMINDER, SO_SO, STILL, STILL_FAULTY, SUGGESTION, THANKS, VENDOR, WONT_FIX, WORKING,
};
use super::topics::TOPICS;
use super::*;

const PHRASES: [&Said; 22] = [
    &AGAIN,
    &ASKING,
    &ASKING_OF_FAULT,
    &DETAILS_OF_FAULT,
    &STILL_FAULTY,
    &BLAME,
    &DETAILS,
    &FAREWELL,
    &FOLLOWED_UP,
    &GREETING,
    &NOTE,
    &NUDGE,
    &PRAISE,
    &RECEIVED,
    &REMINDER,
    &SO_SO,
    &STILL,
    &SUGGESTION,
    &THANKS,
    &VENDOR,
    &WONT_FIX,
    &WORKING,
];

fn ticket() -> TicketId {
    TicketId::known_good("HD-1")
}

fn all() -> impl Iterator<Item = &'static Said> {
    let of_topics = TOPICS.iter().flat_map(|topic| [&topic.subject, &topic.body, &topic.answer]);
    PHRASES.into_iter().chain(of_topics)
}

#[test]
fn everything_can_be_said_in_every_language_and_is_filled_in_wholly() {
    let mut chance = Chance::new(1, 0, 0);
    for tongue in [Tongue::Persian, Tongue::English, Tongue::Arabic] {
        for said in all() {
            for way in said.ways(tongue) {
                let product = &PRODUCTS[chance.index(PRODUCTS.len())];
                let text = Details::of(&ticket(), product, tongue).filled(way);
                assert!(!text.trim().is_empty() && !text.contains(['{', '}']), "{text}");
            }
            assert!(!said.ways(tongue).is_empty());
        }
    }
}

#[test]
fn persian_is_written_with_its_own_letters_and_joiners_within_words() {
    let texts: Vec<&str> = all().flat_map(|said| said.ways(Tongue::Persian)).copied().collect();
    assert!(texts.iter().filter(|text| text.contains('\u{200C}')).count() > 40);
    for text in texts {
        assert!(!text.contains(['ي', 'ك', '~', '?', ',']), "{text}");
        let stray = text.split(|c: char| !c.is_alphabetic() && c != '\u{200C}' && c != 'ٔ' && c != 'ً');
        for word in stray {
            assert!(!word.starts_with('\u{200C}') && !word.ends_with('\u{200C}'), "{word} in {text}");
        }
    }
}

#[test]
fn numbers_are_written_in_the_digits_of_the_language() {
    let persian = Details { order: 48_213, amount: 1_250_000, ..Details::of(&ticket(), &PRODUCTS[0], Tongue::Persian) };
    assert_eq!(
        persian.filled("سفارش {order}، {amount} تومان، {product}"),
        "سفارش ۴۸۲۱۳، ۱٬۲۵۰٬۰۰۰ تومان، حساب\u{200C}یار"
    );
}
