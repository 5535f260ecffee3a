//! What streams share: server-sent events and their ids, how many streams there may be, and when they end.

use super::problem::{Problem, Slug};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use daftar_eventlog::epoch::Moment;
use daftar_eventlog::{Epochs, Position};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

/// The media type of server-sent events.
pub(super) const EVENT_STREAM: &str = "text/event-stream";
/// What is sent when there is nothing to say: a comment, which every reader passes over.
pub(super) const HEARTBEAT: &[u8] = b":\n\n";
/// The id of the last event a reader has taken, as browsers send it when they come back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How many streams may be open at a time.
const STREAMS_MAX: usize = 256;

/// How a stream passes its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// The longest it is silent.
    pub(super) heartbeat: Duration,
    /// The least time between two messages that gather what changed.
    pub(super) gap: Duration,
}

impl Default for Pace {
    /// A heartbeat every 15 seconds, four messages a second.
    fn default() -> Self {
        Self { heartbeat: Duration::from_secs(15), gap: Duration::from_millis(250) }
    }
}

/// The streams of a desk.
pub(super) struct Streams {
    pace: Pace,
    places: Arc<Semaphore>,
    /// Turns true once: then every stream ends, so that nobody waits for them.
    ending: watch::Sender<bool>,
}

impl Default for Streams {
    fn default() -> Self {
        Self::new(Pace::default(), STREAMS_MAX)
    }
}

impl Streams {
    /// None yet, of at most so many.
    pub(super) fn new(pace: Pace, max: usize) -> Self {
        Self { pace, places: Arc::new(Semaphore::new(max)), ending: watch::Sender::new(false) }
    }

    /// Takes a place among the streams, until it is dropped.
    pub(super) fn begin(&self) -> Result<Place, Problem> {
        let permit = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Problem::new(Slug::TooManyStreams, "too many streams are open; try again, with the Last-Event-ID you have")
        })?;
        let (pace, ending) = (self.pace, self.ending.subscribe());
        Ok(Place { pace, ending, silent_since: Instant::now(), _permit: permit })
    }

    /// For tests: waits until none is open.
    #[cfg(test)]
    pub(super) async fn none_left(&self) {
        let all = u32::try_from(STREAMS_MAX).unwrap();
        drop(self.places.acquire_many(all).await.unwrap());
    }

    /// Ends them all, those still to come too.
    pub(super) fn end(&self) {
        self.ending.send_replace(true);
    }
}

/// A place among the streams.
pub(super) struct Place {
    pub(super) pace: Pace,
    ending: watch::Receiver<bool>,
    silent_since: Instant,
    _permit: OwnedSemaphorePermit,
}

/// Why a stream that waits goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// There may be something to tell.
    Grown,
    /// It was silent for as long as it may be.
    Silent,
    /// It ends.
    Over,
}

impl Place {
    /// Whether all streams end.
    pub(super) fn is_over(&self) -> bool {
        *self.ending.borrow() || self.ending.has_changed().is_err()
    }

    /// Takes note that something is told.
    pub(super) fn speaks(&mut self) {
        self.silent_since = Instant::now();
    }

    /// Whether it was silent for as long as it may be, though there was something to look at all the time.
    pub(super) fn is_due(&self) -> bool {
        self.pace.heartbeat <= self.silent_since.elapsed()
    }

    /// Waits until `position` moves, for as long as the stream may be silent.
    pub(super) async fn woken(&mut self, position: &mut watch::Receiver<Position>) -> Woken {
        let until = self.silent_since + self.pace.heartbeat;
        let woken = tokio::select! {
            // Where there are no more streams, nothing is worth telling.
            biased;
            _ = self.ending.wait_for(|ending| *ending) => Woken::Over,
            moved = position.changed() => if moved.is_ok() { Woken::Grown } else { Woken::Over },
            () = tokio::time::sleep_until(until) => Woken::Silent,
        };
        if woken == Woken::Silent {
            self.speaks();
        }
        woken
    }

    /// How long it may still be silent.
    pub(super) fn silence_left(&self) -> Duration {
        self.pace.heartbeat.saturating_sub(self.silent_since.elapsed())
    }

    /// Waits so long; false when the stream ends first.
    pub(super) async fn rested(&mut self, time: Duration) -> bool {
        self.unless_over(tokio::time::sleep(time)).await.is_some()
    }

    /// What comes of `work`; none: the stream ends first.
    pub(super) async fn unless_over<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            _ = self.ending.wait_for(|ending| *ending) => None,
            done = work => Some(done),
        }
    }
}

/// The headers of a stream: nobody on its way may keep it, or hold it back to compress it.
pub(super) fn headers(media_type: HeaderValue) -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ]
}

/// Writes one event: its id, and its data, a single line with or without its end.
pub(super) fn write_event(out: &mut Vec<u8>, id: &str, data: &[u8]) {
    out.extend_from_slice(b"id: ");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    out.extend_from_slice(data.strip_suffix(b"\n").unwrap_or(data));
    out.extend_from_slice(b"\n\n");
}

/// The id of what is told for a moment: the epoch as `Daftar-Epoch` names it (its random id is the log's as well, for
/// no other log has it), a hyphen and the position.
pub(super) fn id_of(moment: &Moment) -> String {
    let mut id = moment.epoch_name();
    // Writing to a string never fails.
    let _ = write!(id, "-{}", moment.position);
    id
}

/// The id of figures told for a moment under a version of their definition: a dot and the version follow.
pub(super) fn id_under(moment: &Moment, version: u64) -> String {
    format!("{}.{version}", id_of(moment))
}

/// What a reader of figures that comes back has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The position that they spoke for.
    pub(super) position: Position,
    /// The version of the definition that they were made under; none: the id is not one of figures.
    pub(super) version: Option<u64>,
}

impl Seen {
    /// As `Last-Event-ID` says; see [`last_seen`].
    pub(super) fn of(headers: &HeaderMap, epochs: &Epochs, end: Position) -> Result<Option<Self>, Problem> {
        let version = headers.get(LAST_EVENT_ID).and_then(|id| parts(id)?.1);
        Ok(last_seen(headers, epochs, end)?.map(|position| Self { position, version }))
    }
}

/// The position up to which a reader that comes back has everything, as its `Last-Event-ID` says.
pub(super) fn last_seen(headers: &HeaderMap, epochs: &Epochs, end: Position) -> Result<Option<Position>, Problem> {
    let Some(given) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) else { return Ok(None) };
    let rule = "must be the id of an event as it was given; leave it out to begin anew";
    let (seen, _) = parts(given).ok_or_else(|| Problem::of_field(Slug::Malformed, "Last-Event-ID", rule))?;
    let told = |why: String| {
        let position = seen.position;
        Problem::new(Slug::OtherEpoch, format!("position {position} does not hold any more: {why}"))
    };
    epochs.confirm(&seen).map_err(|why| told(format!("{why}; read on from a position that does")))?;
    if end < seen.position {
        return Err(told(format!("the log ends at position {end}; read on from there")));
    }
    Ok(Some(seen.position))
}

/// The moment of an id, and the version of the definition where it is one of figures.
fn parts(id: &HeaderValue) -> Option<(Moment, Option<u64>)> {
    let (epoch, place) = id.to_str().ok()?.rsplit_once('-')?;
    let (position, version) = place.split_once('.').map_or((place, None), |(place, version)| (place, Some(version)));
    let version = version.map(|version| digits(version).ok_or(())).transpose().ok()?;
    Some((Moment::parse(epoch, Position(digits(position)?))?, version))
}

fn digits(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use daftar_eventlog::codec::v1::EpochBegunV1;

    fn epochs() -> Epochs {
        Epochs::new([7; 16], [1; 32])
    }

    fn seen(id: &str) -> Result<Option<Position>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(LAST_EVENT_ID, HeaderValue::from_str(id).unwrap());
        last_seen(&headers, &epochs(), Position(40))
    }

    #[test]
    fn an_id_gives_its_position_back() {
        let id = id_of(&epochs().moment(Position(31)));
        assert_eq!(id, format!("1-{}-31", "07".repeat(16)));
        assert_eq!(seen(&id), Ok(Some(Position(31))));
        assert_eq!(seen(""), Ok(None));
        assert_eq!(last_seen(&HeaderMap::new(), &epochs(), Position(40)), Ok(None));
    }

    #[test]
    fn an_id_of_figures_says_their_version_too() {
        let id = id_under(&epochs().moment(Position(31)), 4);
        assert_eq!(id, format!("1-{}-31.4", "07".repeat(16)));
        let of = |id: &str| {
            let headers = HeaderMap::from_iter([(LAST_EVENT_ID, HeaderValue::from_str(id).unwrap())]);
            Seen::of(&headers, &epochs(), Position(40)).unwrap()
        };
        assert_eq!(of(&id), Some(Seen { position: Position(31), version: Some(4) }));
        assert_eq!(of(&id[..id.len() - 2]), Some(Seen { position: Position(31), version: None }));
        assert_eq!(seen(&id), Ok(Some(Position(31))), "the feed takes it too");
        for broken in [format!("{id}x"), id[..id.len() - 1].to_owned(), format!("{id}.4"), id.replace(".4", ".+4")] {
            assert!(seen(&broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn an_id_of_another_history_is_told_from_one_that_is_none() {
        let problem = |slug, detail: &str| Err(Problem::new(slug, detail));
        let own = "07".repeat(16);
        for id in ["31", "1-31", &own, &format!("1-{own}"), &format!("1-{own}-"), &format!("1-{own}-+31")] {
            let rule = "must be the id of an event as it was given; leave it out to begin anew";
            assert_eq!(seen(id), Err(Problem::of_field(Slug::Malformed, "Last-Event-ID", rule)), "{id}");
        }
        let elsewhere = "position 31 does not hold any more: it was given for another log, or another copy of this one \
                         with a history of its own; read on from a position that does";
        assert_eq!(seen(&format!("1-{}-31", "08".repeat(16))), problem(Slug::OtherEpoch, elsewhere));
        let beyond = "position 41 does not hold any more: the log ends at position 40; read on from there";
        assert_eq!(seen(&format!("1-{own}-41")), problem(Slug::OtherEpoch, beyond));
    }

    #[test]
    fn an_id_from_before_the_histories_part_holds_up_to_there() {
        let mut epochs = epochs();
        let begun = EpochBegunV1 { epoch: 2, id: [2; 16], parted: 10, chain: [9; 32], cause: 1, given_up: None };
        epochs.begin(&begun, Position(11)).unwrap();
        let seen = |id: String| {
            let headers = HeaderMap::from_iter([(LAST_EVENT_ID, HeaderValue::from_str(&id).unwrap())]);
            last_seen(&headers, &epochs, Position(40))
        };
        let (first, second) = ("07".repeat(16), "02".repeat(16));
        assert_eq!(seen(format!("1-{first}-10")), Ok(Some(Position(10))));
        let parted = "position 11 does not hold any more: it was given for another epoch of the log; the histories part \
                      after position 10; read on from a position that does";
        assert_eq!(seen(format!("1-{first}-11")), Err(Problem::new(Slug::OtherEpoch, parted)));
        assert_eq!(seen(format!("2-{second}-11")), Ok(Some(Position(11))));
    }

    #[test]
    fn an_event_is_an_id_and_a_line() {
        let mut out = Vec::new();
        write_event(&mut out, "1-a-7", b"{\"a\":1}\n");
        assert_eq!(out, b"id: 1-a-7\ndata: {\"a\":1}\n\n");
    }

    #[tokio::test]
    async fn places_are_given_back_and_end_together() {
        let streams = Streams::new(Pace::default(), 1);
        let mut place = streams.begin().unwrap();
        assert!(streams.begin().is_err_and(|refused| refused.slug() == Slug::TooManyStreams));
        let (position, mut moves) = watch::channel(Position(0));
        position.send_replace(Position(1));
        assert_eq!(place.woken(&mut moves).await, Woken::Grown);
        streams.end();
        position.send_replace(Position(2));
        assert_eq!(place.woken(&mut moves).await, Woken::Over);
        assert!(!place.rested(Duration::MAX).await && place.is_over());
        drop(place);
        assert!(streams.begin().unwrap().is_over());
    }
}
