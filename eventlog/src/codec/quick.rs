//! Facts read in few steps: what bincode makes of the same bytes, or nothing where they are not as nearly all are; and
//! read so of the form that fact blocks keep them in ([`super::listed`]).
//!
//! Facts are read without a description of their structs on the way. Whatever is unusual in what bincode wrote (a number
//! of several bytes, anything that does not fit) is left to bincode, which also says what is wrong.

use super::listed::{Put, Writing};
use super::told::{List, Text};
use super::v1::{
    ActorV1, ChangeV1, FollowUpRecordedV1, FormV1, OwnerV1, PriorityChangedV1, ReplyPostedV1, ReplyRatedV1, ScoreV1,
    SurveySubmittedV1, TagsChangedV1, TicketAssignedV1, TicketClosedV1, TicketHeldV1, TicketOpenedV1, TicketReopenedV1,
    TicketRestoredV1, TicketResumedV1, TicketTransferredV1, TicketVoidedV1,
};

/// The most bytes that are read like this; what they decode to is far below the limit of a decoded struct.
const BYTES_MAX: usize = 16 << 10;
/// The largest number that is one byte; greater first bytes say how many follow.
const ONE_BYTE_MAX: u8 = 250;

/// A value that is exactly these bytes of bincode's; none: ask bincode.
#[inline]
pub(super) fn read<'a, T: Quick<'a>>(bytes: &'a [u8]) -> Option<T> {
    let mut left = Bincode(bytes);
    let value = T::take(&mut left).filter(|_| left.0.is_empty())?;
    (bytes.len() <= BYTES_MAX).then_some(value)
}

/// Encoded values, taken from the front one by one; none: they are not there, or unusual.
pub trait Source<'a>: Clone {
    /// A byte.
    fn byte(&mut self) -> Option<u8>;

    /// A whole number of 16 bits.
    fn short(&mut self) -> Option<u16>;

    /// A whole number of 32 bits.
    fn long(&mut self) -> Option<u32>;

    /// So many bytes as they are.
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]>;

    /// How many values follow.
    fn count(&mut self) -> Option<u16>;

    /// A text.
    fn text(&mut self) -> Option<Text<'a>>;

    /// Values behind their number, of which each is one.
    fn list<T: Quick<'a>>(&mut self) -> Option<List<'a, T>>;
}

/// Bytes of bincode's that are left to be read.
#[derive(Clone)]
struct Bincode<'a>(&'a [u8]);

impl<'a> Bincode<'a> {
    #[inline]
    fn small(&mut self) -> Option<u8> {
        self.byte().filter(|byte| *byte <= ONE_BYTE_MAX)
    }

    #[inline]
    fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Source<'a> for Bincode<'a> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    #[inline]
    fn short(&mut self) -> Option<u16> {
        self.small().map(u16::from)
    }

    #[inline]
    fn long(&mut self) -> Option<u32> {
        self.small().map(u32::from)
    }

    #[inline]
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    #[inline]
    fn count(&mut self) -> Option<u16> {
        self.short()
    }

    #[inline]
    fn text(&mut self) -> Option<Text<'a>> {
        let len = self.small()?;
        std::str::from_utf8(self.slice(len.into())?).ok().map(Text::from)
    }

    fn list<T: Quick<'a>>(&mut self) -> Option<List<'a, T>> {
        Vec::take(self).map(List::from_iter)
    }
}

/// A value that can be read in few steps.
pub trait Quick<'a>: Sized {
    /// Takes the value from the front.
    fn take<S: Source<'a>>(from: &mut S) -> Option<Self>;
}

/// Values that a source has as they are.
macro_rules! taken_as_it_is {
    ($($type:ty: $take:ident)*) => { $(
        impl<'a> Quick<'a> for $type {
            #[inline(always)]
            fn take<S: Source<'a>>(from: &mut S) -> Option<Self> {
                from.$take()
            }
        }
    )* };
}

taken_as_it_is!(u8: byte u16: short u32: long [u8; 16]: bytes Text<'a>: text);

impl<'a> Quick<'a> for bool {
    #[inline(always)]
    fn take<S: Source<'a>>(from: &mut S) -> Option<Self> {
        match from.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl<'a> Quick<'a> for &'a str {
    #[inline]
    fn take<S: Source<'a>>(from: &mut S) -> Option<Self> {
        from.text().map(Text::as_str)
    }
}

impl<'a, T: Quick<'a>> Quick<'a> for Option<T> {
    #[inline(always)]
    fn take<S: Source<'a>>(from: &mut S) -> Option<Self> {
        Some(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<'a, T: Quick<'a>> Quick<'a> for Vec<T> {
    fn take<S: Source<'a>>(from: &mut S) -> Option<Self> {
        (0..from.count()?).map(|_| T::take(from)).collect()
    }
}

impl<'a, T: Quick<'a>> Quick<'a> for List<'a, T> {
    #[inline(always)]
    fn take<S: Source<'a>>(from: &mut S) -> Option<Self> {
        from.list()
    }
}

impl<'a, A: Quick<'a>, B: Quick<'a>> Quick<'a> for (A, B) {
    #[inline]
    fn take<S: Source<'a>>(from: &mut S) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

/// Reads structs field by field, and enums by the number of their variant; a field left out is a compile error.
macro_rules! quick {
    ($(struct $name:ident $(<$borrowed:lifetime>)? { $($field:ident),* })*) => { $(
        impl<'a> $crate::codec::quick::Quick<'a> for $name $(<$borrowed>)? {
            #[inline(always)]
            #[allow(unused_variables, reason = "a struct may have no fields")]
            fn take<S: $crate::codec::quick::Source<'a>>(from: &mut S) -> Option<Self> {
                // Fields are evaluated in the order in which they are written here: that of the frozen struct.
                Some(Self { $($field: Quick::take(from)?),* })
            }
        }
    )* };
    ($(enum $name:ident $(<$borrowed:lifetime>)? { $($number:literal $variant:ident $(($value:ident))?),* })*) => { $(
        impl<'a> Quick<'a> for $name $(<$borrowed>)? {
            #[inline(always)]
            fn take<S: $crate::codec::quick::Source<'a>>(from: &mut S) -> Option<Self> {
                Some(match u8::take(from)? {
                    $($number => {
                        $(let $value = Quick::take(from)?;)?
                        Self::$variant $(($value))?
                    })*
                    _ => return None,
                })
            }
        }
    )* };
}

pub(super) use quick;

/// Reads and writes structs field by field, and enums by the number of their variant.
macro_rules! frozen {
    ($(struct $name:ident $(<$borrowed:lifetime>)? { $($field:ident),* })*) => {
        quick! { $(struct $name $(<$borrowed>)? { $($field),* })* }

        $( impl $(<$borrowed>)? Put for $name $(<$borrowed>)? {
            #[allow(unused_variables, reason = "a struct may have no fields")]
            fn put(&self, to: &mut Writing<'_>) -> Option<()> {
                $(self.$field.put(to)?;)*
                Some(())
            }
        } )*
    };
    ($(enum $name:ident $(<$borrowed:lifetime>)? { $($number:literal $variant:ident $(($value:ident))?),* })*) => {
        quick! { $(enum $name $(<$borrowed>)? { $($number $variant $(($value))?),* })* }

        $( impl $(<$borrowed>)? Put for $name $(<$borrowed>)? {
            fn put(&self, to: &mut Writing<'_>) -> Option<()> {
                match self {
                    $(Self::$variant $(($value))? => {
                        to.byte($number);
                        $($value.put(to)?;)?
                    })*
                }
                Some(())
            }
        } )*
    };
}

frozen! {
    struct ScoreV1 { scale, score }
    struct FormV1<'a> { name, version }
    struct TicketOpenedV1<'a> {
        by, owner, channel, branch, department, priority, customer_tier, language, tags, attributes
    }
    struct TicketAssignedV1<'a> { agent }
    struct TicketTransferredV1<'a> { branch, department }
    struct PriorityChangedV1 { priority }
    struct TagsChangedV1<'a> { added, removed }
    struct ReplyPostedV1<'a> { by, visibility, channel }
    struct ReplyRatedV1 { reply, rating }
    struct TicketHeldV1 { waiting_for }
    struct TicketResumedV1 {}
    struct TicketClosedV1<'a> { by, survey_offered, reason, duplicate_of, form }
    struct SurveySubmittedV1<'a> { closing, overall, questions, choices, nps, ces }
    struct TicketReopenedV1<'a> { by, reason }
    struct TicketVoidedV1<'a> { reason }
    struct TicketRestoredV1 {}
    struct FollowUpRecordedV1<'a> { by, means }
}

frozen! {
    enum ActorV1<'a> { 0 Agent(id), 1 Customer(pseudonym), 2 Automation(id) }
    enum OwnerV1 { 0 Customer(pseudonym), 1 Ticket(pseudonym) }
    enum ChangeV1<'a> { 0 Keep, 1 Clear, 2 Set(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::schema::Schema;
    use crate::codec::{decode, encode};
    use proptest::prelude::*;
    use serde::Serialize;
    use std::fmt::Debug;

    /// Bytes that often are something: small numbers, short texts.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![6 => 0..2_u8, 3 => 2..6_u8, 2 => b'a'..=b'z', 1 => any::<u8>()];
        prop::collection::vec(byte, 0..48)
    }

    /// Both read the same, and every value that bincode finds in the front of the bytes comes back from its own.
    fn agree<'a, T>(bytes: &'a [u8], own: &'a mut Vec<u8>) -> Result<(), TestCaseError>
    where
        T: Quick<'a> + Schema<'a> + Serialize + PartialEq + Debug,
    {
        let whole = decode::<T>("facts", bytes).ok();
        let is_usual = bytes.iter().all(|byte| *byte <= ONE_BYTE_MAX);
        let quick = read::<T>(bytes);
        prop_assert!(quick == whole || (quick.is_none() && !is_usual), "{:?} {:?}", quick, whole);
        if let Some(front) = (0..=bytes.len()).find_map(|end| decode::<T>("facts", &bytes[..end]).ok()) {
            *own = encode("facts", &front).unwrap();
            let again = read::<T>(own);
            prop_assert!(again.as_ref() == Some(&front) || (again.is_none() && !is_usual), "{:?} {:?}", again, front);
        }
        Ok(())
    }

    macro_rules! all_agree {
        ($bytes:expr; $($name:ident)*) => { $( agree::<$name>($bytes, &mut Vec::new())?; )* };
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

        #[test]
        fn what_is_read_quickly_is_what_bincode_reads(bytes in bytes()) {
            all_agree!(&bytes; TicketOpenedV1 TicketAssignedV1 TicketTransferredV1 PriorityChangedV1 TagsChangedV1);
            all_agree!(&bytes; ReplyPostedV1 ReplyRatedV1 TicketHeldV1 TicketResumedV1 TicketClosedV1 SurveySubmittedV1);
            all_agree!(&bytes; TicketReopenedV1 TicketVoidedV1 TicketRestoredV1 FollowUpRecordedV1);
        }
    }

    #[test]
    fn numbers_of_several_bytes_are_left_to_bincode() {
        let own = encode("facts", &ReplyRatedV1 { reply: 251, rating: ScoreV1 { scale: 0, score: 1 } }).unwrap();
        assert_eq!(read::<ReplyRatedV1>(&own), None);
        assert_eq!(decode::<ReplyRatedV1>("facts", &own).unwrap().reply, 251);
    }

    #[test]
    fn an_opening_with_everything_is_read() {
        let opening = TicketOpenedV1 {
            by: Some(ActorV1::Automation(Some("mail"))),
            owner: OwnerV1::Customer([7; 16]),
            channel: Some("email"),
            branch: Some("tehran"),
            department: None,
            priority: 3,
            customer_tier: Some("gold"),
            language: Some("fa"),
            tags: vec!["login", "vip"],
            attributes: vec![("request_type", "fault")],
        };
        assert_eq!(read(&encode("facts", &opening).unwrap()), Some(opening));
    }
}
