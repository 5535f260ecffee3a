//! The parts of a state, as checkpoints write them down.

use super::changes::Changes;
use super::chunk::Table;
use super::credits::Credits;
use super::latest::LatestInstants;
use super::running::Running;
use super::runs::Runs;
use super::spans::Spans;
use super::tickets::Tickets;
use super::{Measurements, kinds};
use crate::checkpoint::{Reader, Writer};
use crate::columns::map::Fast;
use crate::definition::document::Folded;
use crate::dimensions::Dimensions;
use daftar_eventlog::Position;
use std::collections::BTreeMap;

/// Declares the parts, each with the field it is.
macro_rules! parts {
    ($($part:ident $field:ident: $type:ty,)*) => {
        /// Which part it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum PartName { Streams, $($part,)* }

        /// Every part, in the order in which they are written.
        pub(crate) const PARTS: &[PartName] = &[PartName::Streams, $(PartName::$part,)*];

        /// A part that was read.
        #[expect(clippy::large_enum_variant, reason = "there are twenty of them, and they are moved once")]
        pub(crate) enum Part { Streams(Streams), $($part($type),)* }

        impl Part {
            /// Reads a part to its end; `None` where it is not what was written.
            pub(crate) fn read(name: PartName, from: &mut Reader<'_>) -> Option<Self> {
                let part = match name {
                    PartName::Streams => Self::Streams(Streams::load(from)?),
                    $(PartName::$part => Self::$part(<$type>::load(from)?),)*
                };
                from.is_at_end().then_some(part)
            }
        }

        impl Measurements {
            /// Writes a part of the state.
            pub(crate) fn write_part(&self, name: PartName, out: &mut Writer) {
                match name {
                    PartName::Streams => dump_streams(&self.streams, &self.unopened, out),
                    $(PartName::$part => self.$field.dump(out),)*
                }
            }

            /// The state with these parts at a position; `None` where they do not belong together.
            pub(crate) fn of_parts(folded: Folded, position: Position, parts: Vec<Part>) -> Option<Self> {
                let mut state = Self::under(folded);
                state.position = position;
                for part in parts {
                    match part {
                        Part::Streams(streams) => (state.streams, state.unopened) = (streams.numbers, streams.unopened),
                        $(Part::$part(part) => state.$field = part,)*
                    }
                }
                (state.running.len() == state.tickets.len()).then_some(state)
            }
        }
    };
}

parts! {
    Dimensions dimensions: Dimensions,
    Tickets tickets: Tickets,
    Running running: Running,
    Latest latest: LatestInstants,
    Changes changes: Changes,
    Spans spans: Spans,
    Runs runs: Runs,
    Credits credits: Credits,
    Openings openings: Table<kinds::Openings>,
    PublicReplies public_replies: Table<kinds::PublicReplies>,
    FirstResponses first_responses: Table<kinds::FirstResponses>,
    NextResponses next_responses: Table<kinds::NextResponses>,
    FirstClosings first_closings: Table<kinds::FirstClosings>,
    Closings closings: Table<kinds::Closings>,
    Reopenings reopenings: Table<kinds::Reopenings>,
    Transfers transfers: Table<kinds::Transfers>,
    Stays stays: Table<kinds::Stays>,
    Answers answers: Table<kinds::Answers>,
    Ratings ratings: Table<kinds::Ratings>,
    PriorityChanges priority_changes: Table<kinds::PriorityChanges>,
    FollowUps follow_ups: Table<kinds::FollowUps>,
}

/// Which ticket each stream is.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    numbers: Vec<u32>,
    unopened: Fast<u32, Box<str>>,
}

fn dump_streams(numbers: &[u32], unopened: &Fast<u32, Box<str>>, out: &mut Writer) {
    let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    out.bytes(&numbers);
    out.number(unopened.len() as u64);
    // In order, so that the same state is always the same bytes.
    for (stream, id) in unopened.iter().collect::<BTreeMap<_, _>>() {
        out.number((*stream).into());
        out.bytes(id.as_bytes());
    }
}

impl Streams {
    fn load(from: &mut Reader<'_>) -> Option<Self> {
        let (numbers, rest) = from.bytes()?.as_chunks();
        let numbers = numbers.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        let mut unopened = Fast::default();
        for _ in 0..from.number()? {
            let stream = u32::try_from(from.number()?).ok()?;
            unopened.insert(stream, std::str::from_utf8(from.bytes()?).ok()?.into());
        }
        rest.is_empty().then_some(Self { numbers, unopened })
    }
}
