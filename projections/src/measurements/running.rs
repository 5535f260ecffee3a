//! The running states of all tickets: those that changed lately as they are, the others in some hundred bytes each.

use crate::checkpoint::{Reader, Writer};
use crate::ticket_facts::packing::{pack, unpack, unpack_line};
use crate::ticket_facts::{LineFacts, TicketFacts};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// How many tickets a page holds; few in tests, as pieces of rows are small there.
const PAGE_TICKETS: usize = if cfg!(test) { 4 } else { 64 };
/// How many pages a shelf holds.
const SHELF_PAGES: usize = 64;
/// How many tickets' states are kept as they are; few in tests, so that every history there packs some.
const HOT_MAX: usize = if cfg!(test) { 2 } else { 1 << 14 };

/// Every ticket's running state, by number; a copy shares what has not changed since.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running {
    /// Pages in shelves, so that a copy of a large log's states is made of few parts.
    shelves: Vec<Arc<Vec<Arc<Page>>>>,
    len: usize,
    /// The tickets whose states are kept as they are, the one longest so first; a copy for readers has none.
    hot: VecDeque<u32>,
}

/// The states of some tickets.
#[derive(Debug, Clone, Default)]
struct Page {
    hot: Vec<(u8, Arc<TicketFacts>)>,
    /// Packed states, one behind the other.
    cold: Vec<u8>,
    /// Where each ticket's packed state ends; that of one that is hot is out of date, or none at all.
    ends: Vec<u32>,
}

impl Page {
    fn hot(&self, place: usize) -> Option<usize> {
        self.hot.iter().position(|(hot, _)| usize::from(*hot) == place)
    }

    /// Where a ticket's packed state lies; `None`: the page has no such ticket.
    fn range(&self, place: usize) -> Option<Range<usize>> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(start as usize..*self.ends.get(place)? as usize)
    }

    /// Puts bytes in the place of a ticket's packed state.
    fn splice(&mut self, place: usize, bytes: &[u8]) {
        let Some(range) = self.range(place) else { return };
        let (old, new) = (range.len(), bytes.len());
        // Not a byte more than needed: there are many pages, and each changes seldom.
        self.cold = [&self.cold[..range.start], bytes, &self.cold[range.end..]].concat();
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

impl Running {
    /// How many tickets there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// A copy for readers.
    pub(crate) fn published(&self) -> Self {
        Self { shelves: self.shelves.clone(), len: self.len, hot: VecDeque::new() }
    }

    fn page(&self, ticket: u32) -> Option<&Page> {
        let page = ticket as usize / PAGE_TICKETS;
        self.shelves.get(page / SHELF_PAGES)?.get(page % SHELF_PAGES).map(|page| &**page)
    }

    fn page_mut(&mut self, ticket: u32) -> Option<&mut Page> {
        let page = ticket as usize / PAGE_TICKETS;
        let shelf = Arc::make_mut(self.shelves.get_mut(page / SHELF_PAGES)?);
        shelf.get_mut(page % SHELF_PAGES).map(Arc::make_mut)
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
        if let Some(page) = self.page_mut(ticket) {
            let end = page.ends.last().copied().unwrap_or(0);
            page.ends.reserve_exact(PAGE_TICKETS - page.ends.len());
            page.ends.push(end);
        }
        self.put(ticket, Arc::new(facts));
        self.keep_hot(ticket);
    }

    /// Takes a ticket's state out, to be changed and put back before another is taken.
    pub(crate) fn take(&mut self, ticket: u32) -> Option<Arc<TicketFacts>> {
        let place = ticket as usize % PAGE_TICKETS;
        let page = self.page_mut(ticket)?;
        if let Some(hot) = page.hot(place) {
            return Some(page.hot.swap_remove(hot).1);
        }
        // What was packed stays until it is packed again: the hot state goes before it.
        let facts = unpack(page.cold.get(page.range(place)?)?);
        self.keep_hot(ticket);
        Some(Arc::new(facts))
    }

    /// Puts back what was taken.
    pub(crate) fn put(&mut self, ticket: u32, facts: Arc<TicketFacts>) {
        if let Some(page) = self.page_mut(ticket) {
            // A page has 64 places.
            let place = u8::try_from(ticket as usize % PAGE_TICKETS).unwrap_or(u8::MAX);
            page.hot.push((place, facts));
        }
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
        let Some(page) = self.page_mut(ticket) else { return };
        if let Some(hot) = page.hot(place) {
            let (_, facts) = page.hot.swap_remove(hot);
            page.splice(place, &pack(Arc::unwrap_or_clone(facts)));
            if page.hot.is_empty() {
                page.hot.shrink_to_fit();
            }
        }
    }

    /// Writes every state down.
    pub(crate) fn dump(&self, out: &mut Writer) {
        out.number(self.len as u64);
        for page in self.shelves.iter().flat_map(|shelf| shelf.iter()) {
            for place in 0..page.ends.len() {
                match page.hot(place) {
                    Some(hot) => out.bytes(&pack(TicketFacts::clone(&page.hot[hot].1))),
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
        Some(Self { shelves, len, hot: VecDeque::new() })
    }
}
