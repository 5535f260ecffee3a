//! A made-up desk as a data directory, filled as an import fills it.

use super::{Desk, Names};
use crate::fill::Life;
use daftar_domain::EventKind;
use daftar_eventlog::EventLog;
use daftar_eventlog::LogReader;
use daftar_eventlog::codec::ticket::TicketCodec;
use daftar_eventlog::embedded::{Durability, EmbeddedLog, Options};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How many commits wait for their answers at a time.
const WRITERS: usize = 256;

/// What the writers share.
struct Filling {
    desk: Desk,
    names: Names,
    log: EmbeddedLog,
    codec: TicketCodec,
    /// The next ticket that nobody has taken.
    next: AtomicU32,
    events: AtomicU64,
}

impl Desk {
    /// Fills a new log in `dir`, a commit a ticket, and closes it; answers how many events it has.
    ///
    /// # Panics
    ///
    /// When the log refuses anything.
    pub async fn fill(self, dir: &Path) -> u64 {
        // Whoever fills it again after a power cut loses nothing.
        let options = Options { durability: Durability::Os, ..Options::default() };
        let log = EmbeddedLog::open(dir, &options).unwrap();
        let codec = TicketCodec::new(log.keys(), log.identity().log_id);
        let names = Names::default();
        let filling = Filling { desk: self, names, log, codec, next: AtomicU32::new(0), events: AtomicU64::new(0) };
        let filling = Arc::new(filling);
        let writer = |_| {
            let filling = Arc::clone(&filling);
            tokio::spawn(async move { filling.write().await })
        };
        let writers: Vec<_> = (0..WRITERS).map(writer).collect();
        for writer in writers {
            writer.await.unwrap();
        }
        filling.events.load(Ordering::Relaxed)
    }
}

impl Filling {
    /// One writer: takes tickets until none is left.
    async fn write(&self) {
        loop {
            let ticket = self.next.fetch_add(1, Ordering::Relaxed);
            if self.desk.tickets <= ticket {
                return;
            }
            let events: Vec<_> = self.desk.life(ticket).iter().map(|happening| self.names.event(happening)).collect();
            let EventKind::TicketOpened(opening) = &events[0].kind else { unreachable!("a life begins with it") };
            let owner = self.codec.owner_of(opening).unwrap();
            let count = events.len();
            let life = Life { n: ticket as usize, owner, events };
            self.log.append(life.commit(&self.codec, 0, count)).await.unwrap();
            self.events.fetch_add(count as u64, Ordering::Relaxed);
        }
    }
}
