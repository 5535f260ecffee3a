"""A peer of the replay bench: the figures of a replay, computed from the events in Polars.

  polars_replay.py load DIR      makes DIR/events.arrow of DIR/events.parquet; answers the version
  polars_replay.py parquet DIR   computes from the Parquet, as daftar-replay exported it
  polars_replay.py ipc DIR       computes from the Arrow file, which Polars maps

Answers a line of JSON: the seconds from the scan to the results in memory, imports not counted, and the results. Polars runs
on all cores. The Arrow file has what is easiest for it: dictionaries as enumerations, tickets and versions as small numbers,
and no columns but those that are needed, uncompressed.
"""

import json
import os
import sys
import time

import polars as pl

DICTIONARIES = ["type", "by_kind", "by_id", "department", "visibility", "scale"]
COLUMNS = [*DICTIONARIES, "ticket", "occurred_at", "closing", "score", "version"]
TYPE = pl.col("type")


def load(directory):
    events = pl.read_parquet(os.path.join(directory, "events.parquet"), columns=[*COLUMNS, "position"]).sort("position")
    numbers = events.filter(TYPE == "ticket_opened").select("ticket").with_row_index("number")
    events = events.join(numbers, on="ticket", how="left", maintain_order="left").with_columns(
        pl.col("number").alias("ticket"), pl.when(pl.col("by_kind") == "agent").then("by_id").alias("by_id")
    )
    def dictionary(name):
        return pl.col(name).cast(pl.Enum(events[name].drop_nulls().unique().sort()))

    small = [pl.col(name).cast(kind) for name, kind in (("version", pl.UInt32), ("closing", pl.UInt32), ("score", pl.Int8))]
    events = events.with_columns(*map(dictionary, DICTIONARIES), *small)
    events.select(COLUMNS).write_ipc(os.path.join(directory, "events.arrow"), compression="uncompressed")


def of_tickets(events):
    """A line a ticket. Instants rise within a ticket as versions do."""
    replied = (TYPE == "reply_posted") & (pl.col("by_kind") == "agent") & (pl.col("visibility") == "public")
    closed, reopened, opened = TYPE == "ticket_closed", TYPE == "ticket_reopened", TYPE == "ticket_opened"
    at, version, group = pl.col("occurred_at"), pl.col("version"), ["ticket"]
    by_ticket = [
        events.filter(opened).select("ticket", "department", opened_at=at),
        events.filter(replied).group_by(group).agg(replied_at=at.min(), reply=version.min()),
        events.filter(closed).group_by(group).agg(
            first_closed_at=at.min(), first_closing=version.min(), last_closed_at=at.max(), last_closing=version.max()
        ),
        events.filter(reopened).group_by(group).agg(reopening=version.max()),
    ]
    tickets = by_ticket[0]
    for part in by_ticket[1:]:
        tickets = tickets.join(part, on="ticket", how="left")
    # Few tickets were ever moved.
    moves = events.filter((TYPE == "ticket_transferred") & pl.col("department").is_not_null())
    moves = moves.select("ticket", "version", to="department").join(tickets, on="ticket")
    def last(before):
        return pl.col("to").filter(version < pl.col(before)).sort_by(version.filter(version < pl.col(before))).last()

    moved = moves.group_by(group).agg(
        at_reply=last("reply"), at_first_closing=last("first_closing"), at_last_closing=last("last_closing")
    )
    return tickets.join(moved, on="ticket", how="left")


def took(tickets, department, ended):
    """Of each department and month what the spans from opening to `ended` took, in seconds."""
    rows = tickets.select(
        pl.coalesce(department, "department").alias("department"),
        pl.col(ended).dt.truncate("1mo").alias("month"),
        ((pl.col(ended) - pl.col("opened_at")).dt.total_microseconds() / 1e6).alias("took"),
    )
    seconds = pl.col("took")
    return rows.group_by("department", "month").agg(
        count=pl.len(), mean=seconds.mean(), p50=seconds.median(), p90=seconds.quantile(0.9, "linear")
    )


def of_agents(events):
    """Of each agent the answers to their closings, the last to each."""
    answers = events.filter((TYPE == "survey_submitted") & pl.col("score").is_not_null())
    answers = answers.group_by("ticket", "closing").agg(
        pl.col("scale").sort_by("version").last(), pl.col("score").sort_by("version").last()
    )
    closings = events.filter(TYPE == "ticket_closed").join(answers.select("ticket"), on="ticket", how="semi")
    closings = closings.select(
        "ticket", agent="by_id", closing=pl.col("version").rank("ordinal").over("ticket").cast(pl.Int64)
    )
    good = {"binary": 1, "four": 3, "five": 4}
    positive = pl.any_horizontal(
        *[(pl.col("scale") == scale) & (pl.col("score") >= score) for scale, score in good.items()]
    )
    rows = answers.with_columns(pl.col("closing").cast(pl.Int64)).join(closings, on=["ticket", "closing"])
    return rows.group_by("agent").agg(answers=pl.len(), positive=positive.sum())


def computed(form, directory):
    started = time.perf_counter()
    if form == "ipc":
        events = pl.scan_ipc(os.path.join(directory, "events.arrow"))
    else:
        events = pl.scan_parquet(os.path.join(directory, "events.parquet"))
    tickets = of_tickets(events)
    reopened = pl.col("reopening").is_not_null().sum()
    results = {
        "first_response": took(tickets.filter(pl.col("replied_at").is_not_null()), "at_reply", "replied_at"),
        "full_resolution": took(
            tickets.filter(pl.col("last_closing") > pl.col("reopening").fill_null(0)), "at_last_closing", "last_closed_at"
        ),
        "reopen_rate": tickets.filter(pl.col("first_closed_at").is_not_null())
        .group_by(
            pl.coalesce("at_first_closing", "department").alias("department"),
            pl.col("first_closed_at").dt.truncate("1mo").alias("month"),
        )
        .agg(of=pl.len(), count=reopened),
        "csat": of_agents(events),
    }
    # One plan: what several results need is computed once.
    frames = pl.collect_all(results.values())
    return time.perf_counter() - started, dict(zip(results, frames))


def plain(frame):
    """The rows, months as they are labelled."""
    return [[v.strftime("%Y-%m") if hasattr(v, "strftime") else v for v in row] for row in frame.iter_rows()]


def main():
    form, directory = sys.argv[1:]
    if form == "load":
        load(directory)
        print(json.dumps({"version": pl.__version__}))
        return
    seconds, frames = computed(form, directory)
    print(json.dumps({"seconds": seconds, **{name: plain(frame) for name, frame in frames.items()}}))


if __name__ == "__main__":
    main()
