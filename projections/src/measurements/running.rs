//! The running states of all tickets: those that changed lately as they are, the others in some hundred bytes each.

use crate::checkpoint::{Reader, Writer};
use crate::ticket_facts::packing::{pack_into, unpack, unpack_into, unpack_line};
use crate::ticket_facts::{LineFacts, TicketFacts};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// How many tickets a page holds; few in tests, as pieces of rows are small there.
const PAGE_TICKETS: usize = if cfg!(test) { 4 } else { 64 };
/// How many pages a shelf holds.
const SHELF_PAGES: usize = 64;
/// How many tickets' states are kept as they are; few in tests, so that every history there packs some.
const HOT_MAX: usize = if cfg!(test) { 2 } else { 1 << 14 };

/// How many states are kept for their memory.
const SPARE_MAX: usize = 64;
/// Of so many bytes is the room for packed states, so that it need not grow each time one does.
const ROOM: usize = 128;

/// Every ticket's running state, by number; a copy shares what has not changed since.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running {
    /// Pages in shelves, so that a copy of a large log's states is made of few parts.
    shelves: Vec<Arc<Vec<Arc<Page>>>>,
    len: usize,
    /// The tickets whose states are kept as they are, the one longest so first; a copy for readers has none.
    hot: VecDeque<u32>,
    /// States that were packed, whose memory the next ones take.
    spare: Spare,
}

/// Memory for states.
#[derive(Debug, Default)]
struct Spare {
    states: Vec<Arc<TicketFacts>>,
    packed: Vec<u8>,
}

impl Clone for Spare {
    /// A copy begins with none.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Spare {
    /// A state that was packed, unpacked.
    fn unpack(&mut self, bytes: &[u8]) -> Arc<TicketFacts> {
        if let Some(mut facts) = self.states.pop()
            && let Some(spare) = Arc::get_mut(&mut facts)
        {
            unpack_into(spare, bytes);
            return facts;
        }
        Arc::new(unpack(bytes))
    }

    /// A state, kept where one was that is packed now.
    fn keep(&mut self, facts: TicketFacts) -> Arc<TicketFacts> {
        if let Some(mut kept) = self.states.pop()
            && let Some(spare) = Arc::get_mut(&mut kept)
        {
            let before = std::mem::replace(spare, facts);
            spare.take_memory(before);
            return kept;
        }
        Arc::new(facts)
    }

    /// A state packed.
    fn pack(&mut self, mut facts: Arc<TicketFacts>) -> &[u8] {
        pack_into(&mut self.packed, Arc::make_mut(&mut facts));
        // Each state packed is one unpacked before, or new: a few are enough for both.
        if self.states.len() < SPARE_MAX {
            self.states.push(facts);
        }
        &self.packed
    }
}

/// The states of some tickets.
#[derive(Debug, Clone, Default)]
struct Page {
    hot: SmallVec<[(u8, Arc<TicketFacts>); 2]>,
    /// Packed states, one behind the other.
    cold: Vec<u8>,
    /// Where each ticket's packed state ends; that of one that is hot is out of date, or none at all.
    ends: Vec<u32>,
}

impl Page {
    fn hot(&self, place: usize) -> Option<usize> {
        self.hot.iter().position(|(hot, _)| usize::from(*hot) == place)
    }

    /// Keeps a state as it is.
    fn put(&mut self, place: usize, facts: Arc<TicketFacts>) {
        // A page has 64 places.
        self.hot.push((u8::try_from(place).unwrap_or(u8::MAX), facts));
    }

    /// Where a ticket's packed state lies; `None`: the page has no such ticket.
    fn range(&self, place: usize) -> Option<Range<usize>> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(start as usize..*self.ends.get(place)? as usize)
    }

    /// Puts bytes in the place of a ticket's packed state.
    fn splice(&mut self, place: usize, bytes: &[u8]) {
        let Some(range) = self.range(place) else { return };
        let (old, new, len) = (range.len(), bytes.len(), self.cold.len());
        let grown = len + new - old;
        if self.cold.capacity() < grown {
            self.cold.reserve_exact(grown.next_multiple_of(ROOM) - len);
        }
        self.cold.resize(len.max(grown), 0);
        self.cold.copy_within(range.end..len, range.start + new);
        self.cold[range.start..range.start + new].copy_from_slice(bytes);
        self.cold.truncate(grown);
        // A page holds far less than 4 GB.
        for end in &mut self.ends[place..] {
            *end = u32::try_from(*end as usize + new - old).unwrap_or(u32::MAX);
        }
    }
}

impl Page {
    /// Reads the states of so many tickets.
    fn load(tickets: usize, from: &mut Reader<'_>) -> Option<Self> {
        let mut page = Self::default();
        page.ends.reserve_exact(PAGE_TICKETS);
        for _ in 0..tickets {
            page.cold.extend_from_slice(from.bytes().filter(|bytes| !bytes.is_empty())?);
            page.ends.push(u32::try_from(page.cold.len()).ok()?);
        }
        page.cold.shrink_to_fit();
        Some(page)
    }
}

/// The page of a ticket, to be changed.
fn page_mut(shelves: &mut [Arc<Vec<Arc<Page>>>], ticket: u32) -> Option<&mut Page> {
    let page = ticket as usize / PAGE_TICKETS;
    let shelf = Arc::make_mut(shelves.get_mut(page / SHELF_PAGES)?);
    shelf.get_mut(page % SHELF_PAGES).map(Arc::make_mut)
}

impl Running {
    /// How many tickets there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// A copy for readers.
    pub(crate) fn published(&self) -> Self {
        Self { shelves: self.shelves.clone(), len: self.len, ..Self::default() }
    }

    fn page(&self, ticket: u32) -> Option<&Page> {
        let page = ticket as usize / PAGE_TICKETS;
        self.shelves.get(page / SHELF_PAGES)?.get(page % SHELF_PAGES).map(|page| &**page)
    }

    /// What lists need of a ticket's state.
    pub(crate) fn line(&self, ticket: u32) -> Option<LineFacts> {
        let (page, place) = (self.page(ticket)?, ticket as usize % PAGE_TICKETS);
        match page.hot(place) {
            Some(hot) => Some(LineFacts::of(&page.hot[hot].1)),
            None => Some(unpack_line(page.cold.get(page.range(place)?)?)),
        }
    }

    /// A ticket's state.
    pub(crate) fn get(&self, ticket: u32) -> Option<Arc<TicketFacts>> {
        let (page, place) = (self.page(ticket)?, ticket as usize % PAGE_TICKETS);
        match page.hot(place) {
            Some(hot) => Some(Arc::clone(&page.hot[hot].1)),
            None => Some(Arc::new(unpack(page.cold.get(page.range(place)?)?))),
        }
    }

    /// Adds the state of the next ticket.
    pub(crate) fn push(&mut self, facts: TicketFacts) {
        if self.len.is_multiple_of(PAGE_TICKETS * SHELF_PAGES) {
            self.shelves.push(Arc::default());
        }
        if self.len.is_multiple_of(PAGE_TICKETS)
            && let Some(shelf) = self.shelves.last_mut()
        {
            Arc::make_mut(shelf).push(Arc::default());
        }
        let ticket = u32::try_from(self.len).unwrap_or(u32::MAX);
        self.len += 1;
        if let Some(page) = page_mut(&mut self.shelves, ticket) {
            let (place, end) = (page.ends.len(), page.ends.last().copied().unwrap_or(0));
            page.ends.reserve_exact(PAGE_TICKETS - place);
            page.ends.push(end);
            page.put(place, self.spare.keep(facts));
        }
        self.keep_hot(ticket);
    }

    /// A ticket's state, to be changed.
    pub(crate) fn get_mut(&mut self, ticket: u32) -> Option<&mut TicketFacts> {
        let place = ticket as usize % PAGE_TICKETS;
        let page = page_mut(&mut self.shelves, ticket)?;
        if page.hot(place).is_none() {
            // What was packed stays until it is packed again: the hot state goes before it.
            let facts = self.spare.unpack(page.cold.get(page.range(place)?)?);
            page.put(place, facts);
            self.keep_hot(ticket);
        }
        let page = page_mut(&mut self.shelves, ticket)?;
        let hot = page.hot(place)?;
        Some(Arc::make_mut(&mut page.hot[hot].1))
    }

    /// Takes note of a state that is kept as it is from now on; packs another where they are too many.
    fn keep_hot(&mut self, ticket: u32) {
        self.hot.push_back(ticket);
        if HOT_MAX < self.hot.len() {
            self.cool();
        }
    }

    /// Packs the state that has been hot the longest.
    fn cool(&mut self) {
        let Some(ticket) = self.hot.pop_front() else { return };
        let place = ticket as usize % PAGE_TICKETS;
        let Some(page) = page_mut(&mut self.shelves, ticket) else { return };
        if let Some(hot) = page.hot(place) {
            let (_, facts) = page.hot.swap_remove(hot);
            page.splice(place, self.spare.pack(facts));
            if page.hot.is_empty() {
                page.hot.shrink_to_fit();
            }
        }
    }

    /// Writes every state down.
    pub(crate) fn dump(&self, out: &mut Writer) {
        let mut packed = Vec::new();
        out.number(self.len as u64);
        for page in self.shelves.iter().flat_map(|shelf| shelf.iter()) {
            for place in 0..page.ends.len() {
                match page.hot(place) {
                    Some(hot) => {
                        pack_into(&mut packed, &mut TicketFacts::clone(&page.hot[hot].1));
                        out.bytes(&packed);
                    }
                    None => out.bytes(page.range(place).map_or(&[], |range| &page.cold[range])),
                }
            }
        }
    }

    /// Reads what was written down; `None` where it is not that.
    pub(crate) fn load(from: &mut Reader<'_>) -> Option<Self> {
        let len = usize::try_from(from.number()?).ok()?;
        let mut shelves: Vec<Arc<Vec<Arc<Page>>>> = Vec::new();
        let mut left = len;
        while left > 0 {
            let mut shelf = Vec::with_capacity(SHELF_PAGES);
            while left > 0 && shelf.len() < SHELF_PAGES {
                let page = Page::load(left.min(PAGE_TICKETS), from)?;
                left -= page.ends.len();
                shelf.push(Arc::new(page));
            }
            shelves.push(Arc::new(shelf));
        }
        Some(Self { shelves, len, ..Self::default() })
    }
}
