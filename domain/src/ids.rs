//! The caller's own names: strings of letters, marks, digits and `. _ : -`, compared as bytes.

use crate::Invalid;
use std::fmt;
use unicode_normalization::is_nfc;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// The most code points an id may have.
pub const ID_CHARS_MAX: usize = 64;
/// The most bytes of UTF-8 an id may have.
pub const ID_BYTES_MAX: usize = 256;

/// The zero-width non-joiner, which Persian words need between letters.
const ZWNJ: char = '\u{200C}';

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks `text` against the rule of ids.
            ///
            /// # Errors
            ///
            /// [`Invalid`] naming `field` and the broken rule.
            pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
                check(field, text)?;
                Ok(Self(text.into()))
            }

            /// Takes text that has passed [`Self::parse`] before, for instance on its way into the log.
            #[must_use]
            pub fn known_good(text: &str) -> Self {
                debug_assert!(check("id", text).is_ok(), "{text:?} never passed the rule of ids");
                Self(text.into())
            }

            /// The id as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

id_types! {
    /// A ticket.
    TicketId,
    /// An agent.
    AgentId,
    /// A customer; the only id that is sealed wherever it is stored.
    CustomerId,
    /// An automation: a rule, a bot, a time-out.
    AutomationId,
    /// A branch.
    BranchId,
    /// A department.
    DepartmentId,
    /// A channel.
    ChannelId,
    /// A customer tier.
    TierId,
    /// A tag.
    Tag,
    /// The name of an own field of a ticket.
    AttributeName,
    /// The value of an own field of a ticket.
    AttributeValue,
    /// A reason: of a closing, a reopening, a voiding.
    ReasonId,
    /// A question of a survey: scored, of choices, or answered in words.
    QuestionId,
    /// A choice of a choice question.
    ChoiceId,
    /// The name of a survey form, without its version.
    FormName,
    /// The name of a metric definition, without its version.
    DefinitionName,
    /// The name of a schedule of a metric definition.
    ScheduleName,
    /// The name of a published report, without its version.
    SnapshotName,
}

/// A survey form: its name and version, written `name@version`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormRef {
    /// The form's name.
    pub name: FormName,
    /// The form's version.
    pub version: u32,
}

impl FormRef {
    /// Reads `name@version`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] when there is no `@`, the name is no id or the version no whole number.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let rule = || Invalid::new(field, text, "must be a form's name, @ and its version, like default@1");
        let (name, version) = text.rsplit_once('@').ok_or_else(rule)?;
        let digits = version.bytes().all(|b| b.is_ascii_digit()) && (version == "0" || !version.starts_with('0'));
        let version = version.parse().ok().filter(|_| digits).ok_or_else(rule)?;
        Ok(Self { name: FormName::parse(field, name)?, version })
    }
}

impl fmt::Display for FormRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// A language as BCP 47 writes it: subtags of one to eight letters or digits, joined by `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(Box<str>);

impl Language {
    /// Reads a language tag such as `fa` or `fa-IR`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] when the tag is not well formed or longer than 35 characters.
    pub fn parse(field: &str, text: &str) -> Result<Self, Invalid> {
        let primary = text.split('-').next().unwrap_or_default();
        let well_formed = text.len() <= 35
            && (2..=8).contains(&primary.len())
            && primary.bytes().all(|b| b.is_ascii_alphabetic())
            && text.split('-').all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !well_formed {
            return Err(Invalid::new(field, text, "must be a language tag (BCP 47) like fa or fa-IR"));
        }
        Ok(Self(text.into()))
    }

    /// Takes a tag that has passed [`Self::parse`] before.
    #[must_use]
    pub fn known_good(text: &str) -> Self {
        Self(text.into())
    }

    /// The tag as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The rule of ids, in one place.
fn check(field: &str, text: &str) -> Result<(), Invalid> {
    if text.is_ascii() && text.len() <= ID_CHARS_MAX { check_ascii(field, text) } else { check_unicode(field, text) }
}

fn check_ascii(field: &str, text: &str) -> Result<(), Invalid> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    if let Some(bad) = text.bytes().find(|b| !allowed(*b)) {
        return Err(not_allowed(field, text, char::from(bad)));
    }
    if !text.bytes().any(|b| b.is_ascii_alphanumeric()) {
        return Err(no_letter(field, text));
    }
    Ok(())
}

fn check_unicode(field: &str, text: &str) -> Result<(), Invalid> {
    if text.chars().count() > ID_CHARS_MAX || text.len() > ID_BYTES_MAX {
        return Err(Invalid::new(
            field,
            text,
            format!("must have at most {ID_CHARS_MAX} characters and {ID_BYTES_MAX} bytes"),
        ));
    }
    if !is_nfc(text) {
        return Err(Invalid::new(field, text, "must be in Unicode's composed form (NFC)"));
    }
    let mut before: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let joined = c == ZWNJ && before.is_some_and(is_letter_or_mark) && chars.peek().copied().is_some_and(is_letter);
        if !(joined || is_letter_or_mark(c) || is_digit(c) || matches!(c, '.' | '_' | ':' | '-')) {
            return Err(not_allowed(field, text, c));
        }
        before = Some(c);
    }
    if !text.chars().any(|c| is_letter(c) || is_digit(c)) {
        return Err(no_letter(field, text));
    }
    Ok(())
}

fn not_allowed(field: &str, text: &str, bad: char) -> Invalid {
    let rule = format!(
        "must be of letters, marks, digits and . _ : - (and U+200C between letters); U+{:04X} is none of these",
        u32::from(bad)
    );
    Invalid::new(field, text, rule)
}

fn no_letter(field: &str, text: &str) -> Invalid {
    Invalid::new(field, text, "must have at least one letter or digit")
}

fn is_letter(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Letter
}

fn is_letter_or_mark(c: char) -> bool {
    matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
}

fn is_digit(c: char) -> bool {
    c.general_category() == GeneralCategory::DecimalNumber
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule_broken_by(text: &str) -> String {
        TicketId::parse("ticket", text).unwrap_err().rule
    }

    #[test]
    fn takes_persian_latin_and_punctuation_alike() {
        for text in ["HD-1001", "a", "تهران", "می\u{200C}خواهم", "۱۴۰۴:۱", "A.b_c:d-9", "é"] {
            assert_eq!(TicketId::parse("ticket", text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn names_the_character_that_is_not_allowed() {
        assert!(rule_broken_by("two words").contains("U+0020"));
        assert!(rule_broken_by("a/b").contains("U+002F"));
        assert!(rule_broken_by("سلام دنیا").contains("U+0020"));
        assert!(rule_broken_by("a\u{200C}").contains("U+200C"), "a joiner needs a letter on both sides");
        assert!(rule_broken_by("\u{200C}م").contains("U+200C"));
        assert!(rule_broken_by("½").contains("U+00BD"), "other numbers are no digits");
    }

    #[test]
    fn refuses_empty_long_and_decomposed() {
        assert!(rule_broken_by("").contains("at least one"));
        assert!(rule_broken_by("._:-").contains("at least one"));
        assert!(rule_broken_by(&"a".repeat(65)).contains("at most 64"));
        assert!(TicketId::parse("ticket", &"م".repeat(64)).is_ok());
        assert!(rule_broken_by(&"𐤀".repeat(65)).contains("256 bytes"));
        assert!(rule_broken_by("e\u{301}").contains("NFC"));
    }

    #[test]
    fn forms_have_a_name_and_a_version() {
        assert_eq!(FormRef::parse("form", "default@1").unwrap().to_string(), "default@1");
        for text in ["default", "@1", "default@", "default@+1", "default@01", "default@x"] {
            assert!(FormRef::parse("form", text).is_err(), "{text}");
        }
    }

    #[test]
    fn languages_are_well_formed_tags() {
        for text in ["fa", "fa-IR", "zh-Hant-TW", "de-CH-1901"] {
            assert!(Language::parse("language", text).is_ok(), "{text}");
        }
        for text in ["", "f", "fa_IR", "fa-", "persian language", "1a"] {
            assert!(Language::parse("language", text).is_err(), "{text}");
        }
    }
}
