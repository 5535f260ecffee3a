//! The words and the sort of every rejection.

use super::*;
use crate::ticket::samples::sec;

fn all() -> Vec<(Rejection, RejectionKind, &'static str)> {
    use RejectionKind::{ForbiddenByState, Invalid as Value, NotFound, UnknownTicket};
    let closed = |what| Rejection::Closed { what };
    vec![
        (Rejection::NotOpened, UnknownTicket, "open it first"),
        (Rejection::AlreadyOpened, ForbiddenByState, "opened before"),
        (closed(ClosedTo::PublicReply), ForbiddenByState, "the ticket is closed and takes no public reply: reopen it"),
        (closed(ClosedTo::Hold), ForbiddenByState, "cannot be held: reopen it first"),
        (closed(ClosedTo::Resume), ForbiddenByState, "reopen it instead"),
        (Rejection::AlreadyClosed, ForbiddenByState, "closed already"),
        (Rejection::NotClosed, ForbiddenByState, "only a closed ticket can be reopened"),
        (
            Rejection::UnknownReply { reply: 7, replies: 3 },
            NotFound,
            "no reply 7: replies count from 1 and the ticket has 3",
        ),
        (Rejection::NotRateable { reply: 7 }, ForbiddenByState, "reply 7 cannot be rated"),
        (Rejection::UnknownClosing { closing: 2, closings: 1 }, NotFound, "no closing 2"),
        (Rejection::NeverClosed, ForbiddenByState, "close the ticket first"),
        (Rejection::AnswerSettled { closing: 1 }, ForbiddenByState, "reopened since"),
        (
            Rejection::TimeRunsBackwards { occurred_at: sec(1), last: sec(2) },
            ForbiddenByState,
            "1970-01-01T00:00:01Z runs backwards in time: the ticket's last event happened at 1970-01-01T00:00:02Z",
        ),
        (Rejection::TooManyEvents { limit: 100_000 }, Value, "100000 events"),
        (Invalid::new("by", "left out", "must be given").into(), Value, "by is \"left out\": must be given"),
    ]
}

#[test]
fn each_says_what_stands_in_the_way_and_what_to_do() {
    for (rejection, kind, words) in all() {
        assert_eq!(rejection.kind(), kind, "{rejection:?}");
        assert!(rejection.to_string().contains(words), "{rejection}");
    }
}
