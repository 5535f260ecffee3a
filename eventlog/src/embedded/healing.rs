//! What a log does when it had to stop taking appends: what a restart would, without the restart.
//!
//! A write that found no room, and a storage engine that gave up, are healed by opening the database anew and rebuilding
//! memory from it, as an opening does. A sync that failed is not: the system may have dropped what it could not write,
//! and would call the next sync well.

use super::recovery::{self, Rebuilt};
use super::store::refuse_without_room;
use super::witness::{Seen, Witness};
use super::writer::refuse;
use super::{Shared, State};
use crate::derived::DerivedFiles;
use crate::log::StoreError;
use crate::sealing::{KeyStore, random};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What must fit on the disk, beside what is kept free, before writing is tried again.
const ROOM_BYTES: usize = 4 << 20;
const PROBE_STEP: usize = 64 << 10;
/// How often room is looked for.
const LOOK_FOR_ROOM_EVERY: Duration = Duration::from_millis(250);
/// How often a handle that gave up is opened anew.
const REOPEN_EVERY: Duration = Duration::from_secs(1);

/// Why the log takes no appends, and what may change that.
pub(super) struct Stop {
    /// What appends are answered.
    pub(super) why: StoreError,
    way_on: WayOn,
    /// Not tried again before.
    next: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WayOn {
    /// Room on the disk.
    Room,
    /// Opening anew.
    Reopen,
    /// Nothing that this process could do.
    Restart,
}

impl WayOn {
    const fn pause(self) -> Duration {
        match self {
            Self::Room => LOOK_FOR_ROOM_EVERY,
            Self::Reopen | Self::Restart => REOPEN_EVERY,
        }
    }
}

impl Shared {
    /// Why appends are refused now.
    pub(super) fn stopped(&self) -> Option<StoreError> {
        self.state().stop.as_ref().map(|stop| stop.why.clone())
    }

    /// Stops taking appends; the first reason stands, unless only the later one needs a restart.
    pub(super) fn stop(&self, why: StoreError) {
        let way_on = self.way_on(&why);
        self.state_mut().stop_for(why, way_on);
        // Whoever waits for room is told at once.
        self.room.notify_waiters();
    }

    fn way_on(&self, why: &StoreError) -> WayOn {
        match why {
            failure if failure.is_failed_sync() => WayOn::Restart,
            StoreError::StorageFull { .. } => WayOn::Room,
            StoreError::Failed { .. } if self.store.is_broken() => WayOn::Reopen,
            _ => WayOn::Restart,
        }
    }

    /// Whether nothing that this process could do helps, a further sync least of all.
    pub(super) fn needs_restart(&self) -> bool {
        self.state().stop.as_ref().is_some_and(|stop| stop.way_on == WayOn::Restart)
    }

    /// Held by whoever writes to the store, and while it is opened anew.
    pub(super) fn storing(&self) -> MutexGuard<'_, ()> {
        self.storing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is something to heal, and it is time to try.
    fn is_healing_due(&self) -> bool {
        let state = self.state();
        state.stop.as_ref().is_some_and(|stop| stop.way_on != WayOn::Restart && Instant::now() >= stop.next)
    }
}

impl State {
    /// As [`Shared::stop`], for a failure of placing: nothing but a restart is known to help.
    pub(super) fn stop_until_restart(&mut self, why: StoreError) {
        self.stop_for(why, WayOn::Restart);
    }

    /// Puts another try off; a reason that needs a restart stands.
    fn go_on_stopping(&mut self, why: StoreError, way_on: WayOn) {
        self.stop = self.stop.take().filter(|standing| standing.way_on == WayOn::Restart);
        self.stop_for(why, way_on);
    }

    fn stop_for(&mut self, why: StoreError, way_on: WayOn) {
        let weightier = |standing: &Stop| way_on == WayOn::Restart && standing.way_on != WayOn::Restart;
        if self.stop.as_ref().is_none_or(weightier) {
            self.stop = Some(Stop { why, way_on, next: Instant::now() + way_on.pause() });
        }
    }
}

/// Opens the log anew where that may help and it is time to; the keeper's turn, who owns the derived files.
pub(super) fn heal(shared: &Shared, derived: &mut DerivedFiles) {
    if !shared.is_healing_due() {
        return;
    }
    // Opening needs room too, and reading goes on as long as the old handle stands.
    let healed =
        find_room(&shared.home.layout.log, &shared.home.layout.probe).and_then(|()| open_anew(shared, derived));
    if let Err(failure) = healed {
        // Where the store could not even be opened it counts as broken, and is tried again.
        let way_on = shared.way_on(&failure);
        shared.state_mut().go_on_stopping(failure, way_on);
    }
}

/// Writes a file of the size that writing on needs at once, syncs it and removes it.
fn find_room(log: &Path, probe: &Path) -> Result<(), StoreError> {
    refuse_without_room(log, ROOM_BYTES as u64)?;
    let found = write_probe(probe);
    let removed = fs::remove_file(probe);
    found.and(removed).map_err(|e| StoreError::of_write("looking for room", &e))
}

fn write_probe(probe: &Path) -> std::io::Result<()> {
    // Random bytes, which no file system stores in less room than they take.
    let bytes = random::<PROBE_STEP>().map_err(std::io::Error::other)?;
    let mut file = File::create(probe)?;
    (0..ROOM_BYTES / PROBE_STEP).try_for_each(|_| file.write_all(&bytes))?;
    file.sync_all()
}

/// What a restart does. The durable position may grow by the group that failed, if its batch did reach the store; it
/// never shrinks.
fn open_anew(shared: &Shared, derived: &mut DerivedFiles) -> Result<(), StoreError> {
    let _nobody_writes = shared.storing();
    if shared.needs_restart() {
        return Ok(());
    }
    shared.store.reopen()?;
    let (mut witness, seen) = Witness::open(&shared.home.layout.witness)?;
    let mapped = shared.state().blocks.len();
    let home = &shared.home;
    let Rebuilt { mut state, files, .. } =
        recovery::rebuild(&shared.store, &shared.genesis, &home.layout, &home.options, seen, mapped)?;
    let end = Seen::end_of(&state.sequencer);
    if end.position < shared.durable_position() {
        let why = format!("the log ends at {}, but more was acknowledged: look after the disk", end.position);
        return Err(StoreError::Corrupt { position: end.position.next(), why });
    }
    shared.keys.make_durable()?;
    shared.store.sync()?;
    witness.write(end)?;
    *shared.witness() = witness;
    *shared.acknowledged() = end;
    *derived = files;
    let void = {
        let mut standing = shared.state_mut();
        state.generation = standing.generation + 1;
        std::mem::replace(&mut *standing, state)
    };
    shared.durable.send_replace(end.position);
    let why = void.stop.map_or(StoreError::ShutDown, |stop| stop.why);
    refuse(void.pending.answers, &why);
    shared.room.notify_waiters();
    Ok(())
}
