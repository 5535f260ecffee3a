//! Facts read in few steps: what bincode makes of the same bytes, or nothing where they are not as nearly all are.
//!
//! A fold reads every event of a log, so its facts are read without a description of their structs on the way. Whatever
//! is unusual (a number of several bytes, anything that does not fit) is left to bincode, which also says what is wrong.

use super::v1::{
    ActorV1, ChangeV1, FollowUpRecordedV1, FormV1, OwnerV1, PriorityChangedV1, ReplyPostedV1, ReplyRatedV1, ScoreV1,
    SurveySubmittedV1, TagsChangedV1, TicketAssignedV1, TicketClosedV1, TicketHeldV1, TicketOpenedV1, TicketReopenedV1,
    TicketRestoredV1, TicketResumedV1, TicketTransferredV1, TicketVoidedV1,
};

/// The most bytes that are read like this; what they decode to is far below the limit of a decoded struct.
const BYTES_MAX: usize = 16 << 10;
/// The largest number that is one byte; greater first bytes say how many follow.
const ONE_BYTE_MAX: u8 = 250;

/// A value that is exactly these bytes; none: ask bincode.
// What folds read is inlined into them, always: a value in memory would cost more to hand on than to read.
#[inline(always)]
pub(super) fn read<'a, T: Quick<'a>>(bytes: &'a [u8]) -> Option<T> {
    let mut left = Bytes(bytes);
    let value = T::take(&mut left).filter(|_| left.0.is_empty())?;
    (bytes.len() <= BYTES_MAX).then_some(value)
}

/// Bytes that are left to be read.
#[derive(Clone)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Those of them that were read when only `left` were left.
    #[inline]
    pub(super) fn up_to(&self, left: &Self) -> &'a [u8] {
        self.0.get(..self.0.len() - left.0.len()).unwrap_or_default()
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A whole number that is one byte.
    #[inline]
    pub(super) fn small(&mut self) -> Option<u8> {
        self.byte().filter(|byte| *byte <= ONE_BYTE_MAX)
    }

    #[inline]
    fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// Bytes behind their number.
    #[inline]
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let len = self.small()?;
        self.slice(len.into())
    }
}

/// A value that can be read in few steps.
pub trait Quick<'a>: Sized {
    /// Takes the value from the front.
    fn take(from: &mut Bytes<'a>) -> Option<Self>;
}

impl Quick<'_> for u8 {
    #[inline]
    fn take(from: &mut Bytes<'_>) -> Option<Self> {
        from.byte()
    }
}

impl Quick<'_> for u16 {
    #[inline]
    fn take(from: &mut Bytes<'_>) -> Option<Self> {
        from.small().map(Self::from)
    }
}

impl Quick<'_> for u32 {
    #[inline]
    fn take(from: &mut Bytes<'_>) -> Option<Self> {
        from.small().map(Self::from)
    }
}

impl Quick<'_> for bool {
    #[inline]
    fn take(from: &mut Bytes<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Quick<'_> for [u8; 16] {
    #[inline]
    fn take(from: &mut Bytes<'_>) -> Option<Self> {
        from.slice(16)?.try_into().ok()
    }
}

impl<'a> Quick<'a> for &'a str {
    #[inline]
    fn take(from: &mut Bytes<'a>) -> Option<Self> {
        std::str::from_utf8(from.counted()?).ok()
    }
}

impl<'a, T: Quick<'a>> Quick<'a> for Option<T> {
    #[inline(always)]
    fn take(from: &mut Bytes<'a>) -> Option<Self> {
        Some(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<'a, T: Quick<'a>> Quick<'a> for Vec<T> {
    #[inline]
    fn take(from: &mut Bytes<'a>) -> Option<Self> {
        let len = from.small()?;
        let mut list = Self::with_capacity(usize::from(len).min(from.0.len()));
        for _ in 0..len {
            list.push(T::take(from)?);
        }
        Some(list)
    }
}

impl<'a, A: Quick<'a>, B: Quick<'a>> Quick<'a> for (A, B) {
    #[inline]
    fn take(from: &mut Bytes<'a>) -> Option<Self> {
        Some((A::take(from)?, B::take(from)?))
    }
}

/// Reads structs field by field, and enums by the number of their variant; a field left out is a compile error.
macro_rules! quick {
    ($(struct $name:ident $(<$borrowed:lifetime>)? { $($field:ident),* })*) => { $(
        impl<'a> Quick<'a> for $name $(<$borrowed>)? {
            #[inline(always)]
            #[allow(unused_variables, reason = "a struct may have no fields")]
            fn take(from: &mut $crate::codec::quick::Bytes<'a>) -> Option<Self> {
                // Fields are evaluated in the order in which they are written here: that of the frozen struct.
                Some(Self { $($field: Quick::take(from)?),* })
            }
        }
    )* };
    ($(enum $name:ident $(<$borrowed:lifetime>)? { $($number:literal $variant:ident $(($value:ident))?),* })*) => { $(
        impl<'a> Quick<'a> for $name $(<$borrowed>)? {
            #[inline]
            fn take(from: &mut $crate::codec::quick::Bytes<'a>) -> Option<Self> {
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

quick! {
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

quick! {
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
