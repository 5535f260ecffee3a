//! The running states of all tickets: those that changed lately as they are, the others in some hundred bytes each.

use crate::checkpoint::{Reader, Writer};
use crate::ticket_facts::TicketFacts;
use crate::ticket_facts::packing::{pack, unpack};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// How many tickets a page holds; few in tests, as pieces of rows are small there.
const PAGE_TICKETS: usize = if cfg!(test) { 4 } else { 64 };
/// How many tickets' states are kept as they are; few in tests, so that every history there packs some.
const HOT_MAX: usize = if cfg!(test) { 2 } else { 1 << 14 };

/// Every ticket's running state, by number; a copy shares what has not changed since.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running {
    pages: Vec<Arc<Page>>,
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

impl Running {
    /// How many tickets there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// A copy for readers.
    pub(crate) fn published(&self) -> Self {
        Self { pages: self.pages.clone(), len: self.len, hot: VecDeque::new() }
    }

    /// A ticket's state.
    pub(crate) fn get(&self, ticket: u32) -> Option<Arc<TicketFacts>> {
        let (page, place) = (self.pages.get(ticket as usize / PAGE_TICKETS)?, ticket as usize % PAGE_TICKETS);
        match page.hot(place) {
            Some(hot) => Some(Arc::clone(&page.hot[hot].1)),
            None => Some(Arc::new(unpack(page.cold.get(page.range(place)?)?))),
        }
    }

    /// Adds the state of the next ticket.
    pub(crate) fn push(&mut self, facts: TicketFacts) {
        if self.len.is_multiple_of(PAGE_TICKETS) {
            self.pages.push(Arc::default());
        }
        let ticket = u32::try_from(self.len).unwrap_or(u32::MAX);
        self.len += 1;
        if let Some(page) = self.pages.last_mut().map(Arc::make_mut) {
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
        let page = self.pages.get_mut(ticket as usize / PAGE_TICKETS)?;
        if let Some(hot) = page.hot(place) {
            return Some(Arc::make_mut(page).hot.swap_remove(hot).1);
        }
        // What was packed stays until it is packed again: the hot state goes before it.
        let facts = unpack(page.cold.get(page.range(place)?)?);
        self.keep_hot(ticket);
        Some(Arc::new(facts))
    }

    /// Puts back what was taken.
    pub(crate) fn put(&mut self, ticket: u32, facts: Arc<TicketFacts>) {
        if let Some(page) = self.pages.get_mut(ticket as usize / PAGE_TICKETS) {
            // A page has 64 places.
            let place = u8::try_from(ticket as usize % PAGE_TICKETS).unwrap_or(u8::MAX);
            Arc::make_mut(page).hot.push((place, facts));
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
        let page = Arc::make_mut(&mut self.pages[ticket as usize / PAGE_TICKETS]);
        if let Some(hot) = page.hot(place) {
            let (_, facts) = page.hot.swap_remove(hot);
            page.splice(place, &pack(Arc::unwrap_or_clone(facts)));
            if page.hot.is_empty() {
                page.hot.shrink_to_fit();
            }
        }
    }

    /// How many bytes it takes beside itself, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let page = |page: &Page| 120 + page.cold.capacity() + 4 * page.ends.capacity() + 24 * page.hot.capacity();
        self.pages.iter().map(|one| 8 + page(one)).sum::<usize>() + self.hot.len() * (size_of::<TicketFacts>() + 300)
    }

    /// Writes every state down.
    pub(crate) fn dump(&self, out: &mut Writer) {
        out.number(self.len as u64);
        for page in &self.pages {
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
        let mut pages = Vec::with_capacity(len.min(1 << 26) / PAGE_TICKETS + 1);
        let mut left = len;
        while left > 0 {
            let mut page = Page::default();
            for _ in 0..left.min(PAGE_TICKETS) {
                page.cold.extend_from_slice(from.bytes().filter(|bytes| !bytes.is_empty())?);
                page.ends.push(u32::try_from(page.cold.len()).ok()?);
            }
            left -= page.ends.len();
            page.cold.shrink_to_fit();
            pages.push(Arc::new(page));
        }
        Some(Self { pages, len, hot: VecDeque::new() })
    }
}
