//! Tickets that commands touched lately, in memory: what the next command on them is decided on.

use daftar_domain::Event;
use daftar_domain::Ticket;
use daftar_domain::ids::TicketId;
use daftar_domain::ticket::evolve;
use daftar_eventlog::sealing::Pseudonym;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most tickets that are kept.
pub const HOT_TICKETS_MAX: usize = 65_536;

/// A ticket as the log had it at some version, and whose key seals its content.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The ticket.
    pub ticket: Ticket,
    /// Whose key seals its content; none before the opening.
    pub owner: Option<Pseudonym>,
}

struct Hot {
    known: Known,
    /// Whether anybody asked for it since it was last considered for leaving.
    touched: AtomicBool,
}

/// The cache. No guard of it ever leaves a call, so none is held across an await.
pub struct HotTickets {
    tickets: DashMap<TicketId, Hot>,
    /// In the order in which they came; a ticket that left early may still stand here.
    order: Mutex<VecDeque<TicketId>>,
    most: usize,
}

impl Default for HotTickets {
    fn default() -> Self {
        Self::holding(HOT_TICKETS_MAX)
    }
}

impl HotTickets {
    /// A cache of at most `most` tickets.
    #[must_use]
    pub fn holding(most: usize) -> Self {
        Self { tickets: DashMap::new(), order: Mutex::default(), most }
    }

    /// Looks at a ticket, if it is here.
    pub fn with<T>(&self, id: &TicketId, look: impl FnOnce(&Known) -> T) -> Option<T> {
        let hot = self.tickets.get(id)?;
        hot.touched.store(true, Ordering::Relaxed);
        Some(look(&hot.known))
    }

    /// Takes in a ticket as the log has it, unless a later version is here.
    pub fn put(&self, id: &TicketId, known: Known) {
        match self.tickets.entry(id.clone()) {
            Entry::Occupied(mut here) => {
                if here.get().known.ticket.version < known.ticket.version {
                    here.get_mut().known = known;
                }
                return;
            }
            Entry::Vacant(place) => {
                place.insert(Hot { known, touched: AtomicBool::new(false) });
            }
        }
        let leaving = {
            let mut order = self.order();
            order.push_back(id.clone());
            self.leaving(&mut order)
        };
        for id in leaving {
            self.tickets.remove(&id);
        }
    }

    /// Moves a ticket on by events the log has taken after `version`; one at another version stays as it is.
    pub fn advance(&self, id: &TicketId, version: u32, events: &[Event]) {
        if let Some(mut hot) = self.tickets.get_mut(id)
            && hot.known.ticket.version == version
        {
            let ticket = mem::take(&mut hot.known.ticket);
            hot.known.ticket = events.iter().fold(ticket, evolve);
        }
    }

    /// Lets go of a ticket, whose state is not certain any more.
    pub fn forget(&self, id: &TicketId) {
        self.tickets.remove(id);
    }

    /// How many tickets are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tickets.len()
    }

    /// Whether none is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }

    /// Who must leave: the first to have come that nobody asked for since (the clock algorithm).
    fn leaving(&self, order: &mut VecDeque<TicketId>) -> Vec<TicketId> {
        let mut leaving = Vec::new();
        let mut spared = 0;
        while order.len() > self.most {
            let Some(first) = order.pop_front() else { break };
            // Everybody is spared once at most, so that it ends while others go on asking.
            let asked = |hot: dashmap::mapref::one::Ref<'_, TicketId, Hot>| hot.touched.swap(false, Ordering::Relaxed);
            if spared < self.most && self.tickets.get(&first).is_some_and(asked) {
                spared += 1;
                order.push_back(first);
            } else {
                leaving.push(first);
            }
        }
        leaving
    }

    fn order(&self) -> MutexGuard<'_, VecDeque<TicketId>> {
        // A queue that lost or kept an id too many is still a queue.
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> TicketId {
        TicketId::parse("ticket", &format!("T-{n}")).unwrap()
    }

    fn at(version: u32) -> Known {
        Known { ticket: Ticket { version, ..Ticket::default() }, owner: None }
    }

    #[test]
    fn those_that_are_asked_for_stay() {
        let hot = HotTickets::holding(3);
        (0..3).for_each(|n| hot.put(&id(n), at(1)));
        hot.with(&id(0), |_| ());
        hot.put(&id(3), at(1));
        let here: Vec<_> = (0..4).filter(|n| hot.with(&id(*n), |_| ()).is_some()).collect();
        assert_eq!((here, hot.len()), (vec![0, 2, 3], 3));
    }

    #[test]
    fn it_never_holds_more_than_its_bound() {
        let hot = HotTickets::holding(16);
        for n in 0..500_u32 {
            hot.put(&id(n % 40), at(n));
            if n % 3 == 0 {
                hot.forget(&id((n + 7) % 40));
            }
            hot.with(&id(n % 5), |_| ());
            assert!(hot.len() <= 16, "{}", hot.len());
        }
    }

    #[test]
    fn an_earlier_version_never_takes_the_place_of_a_later_one() {
        let hot = HotTickets::default();
        hot.put(&id(1), at(5));
        hot.put(&id(1), at(4));
        assert_eq!(hot.with(&id(1), |known| known.ticket.version), Some(5));
        hot.advance(&id(1), 4, &[]);
        hot.forget(&id(1));
        assert!(hot.is_empty());
    }
}
