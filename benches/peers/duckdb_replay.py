"""A peer of the replay bench: the figures of a replay, computed from the events in DuckDB.

  duckdb_replay.py load DIR      makes DIR/events.duckdb of DIR/events.parquet; answers the version
  duckdb_replay.py parquet DIR   computes from the Parquet, as daftar-replay exported it
  duckdb_replay.py table DIR     computes from the table

Answers a line of JSON: the seconds from connecting to the results in memory, imports not counted, and the results. DuckDB runs
with its defaults, which are all cores. The table has what is easiest for it: dictionaries as enumerations, tickets and
versions as small numbers, and no columns but those that are needed.
"""

import json
import os
import sys
import time

import duckdb

LOAD = """
CREATE TABLE numbers AS SELECT ticket, row_number() OVER (ORDER BY position)::INTEGER AS number
    FROM '{parquet}' WHERE type = 'ticket_opened';
CREATE TYPE event_type AS ENUM (SELECT DISTINCT type FROM '{parquet}' ORDER BY 1);
CREATE TYPE department_name AS ENUM (SELECT DISTINCT department FROM '{parquet}' WHERE department IS NOT NULL ORDER BY 1);
CREATE TYPE kind AS ENUM ('agent', 'customer', 'automation');
CREATE TYPE agent_name AS ENUM (SELECT DISTINCT by_id FROM '{parquet}' WHERE by_kind = 'agent' ORDER BY 1);
CREATE TYPE readers AS ENUM ('public', 'internal');
CREATE TYPE scale_name AS ENUM ('binary', 'four', 'five');
CREATE TABLE events AS
    SELECT number AS ticket, type::event_type AS type, version::INTEGER AS version, occurred_at::TIMESTAMP AS occurred_at,
           by_kind::kind AS by_kind, (CASE WHEN by_kind = 'agent' THEN by_id END)::agent_name AS by_id,
           visibility::readers AS visibility, department::department_name AS department, closing::INTEGER AS closing,
           scale::scale_name AS scale, score::TINYINT AS score
    FROM '{parquet}' JOIN numbers USING (ticket) ORDER BY position;
DROP TABLE numbers;
"""

# A line a ticket. Instants rise within a ticket as versions do. Parquet is best read once, the table once for each type.
TICKETS = {
    "parquet": """CREATE TEMP TABLE tickets AS
        SELECT ticket, any_value(department) FILTER (type = 'ticket_opened') AS department,
               min(occurred_at) FILTER (type = 'ticket_opened') AS opened_at,
               min(occurred_at) FILTER (type = 'reply_posted') AS replied_at,
               min(version) FILTER (type = 'reply_posted') AS first_reply,
               min(occurred_at) FILTER (type = 'ticket_closed') AS first_closed_at,
               min(version) FILTER (type = 'ticket_closed') AS first_closing,
               max(occurred_at) FILTER (type = 'ticket_closed') AS last_closed_at,
               max(version) FILTER (type = 'ticket_closed') AS last_closing,
               max(version) FILTER (type = 'ticket_reopened') AS reopening
        FROM {events}
        WHERE type IN ('ticket_opened', 'ticket_closed', 'ticket_reopened')
           OR (type = 'reply_posted' AND by_kind = 'agent' AND visibility = 'public')
        GROUP BY ticket""",
    "table": """CREATE TEMP TABLE tickets AS
        WITH replied AS (
            SELECT ticket, min(occurred_at) AS replied_at, min(version) AS first_reply FROM {events}
            WHERE type = 'reply_posted' AND by_kind = 'agent' AND visibility = 'public' GROUP BY ticket),
        closed AS (
            SELECT ticket, min(occurred_at) AS first_closed_at, min(version) AS first_closing,
                   max(occurred_at) AS last_closed_at, max(version) AS last_closing
            FROM {events} WHERE type = 'ticket_closed' GROUP BY ticket),
        reopened AS (
            SELECT ticket, max(version) AS reopening FROM {events} WHERE type = 'ticket_reopened' GROUP BY ticket)
        SELECT ticket, department, occurred_at AS opened_at, replied_at, first_reply, first_closed_at, first_closing,
               last_closed_at, last_closing, reopening
        FROM {events} LEFT JOIN replied USING (ticket) LEFT JOIN closed USING (ticket) LEFT JOIN reopened USING (ticket)
        WHERE type = 'ticket_opened'""",
}

# Where the tickets lay that were ever moved: few of them.
MOVED = """CREATE TEMP TABLE moved AS
    SELECT ticket, arg_max(t.department, version) FILTER (version < first_reply) AS at_reply,
           arg_max(t.department, version) FILTER (version < first_closing) AS at_first_closing,
           arg_max(t.department, version) FILTER (version < last_closing) AS at_last_closing
    FROM {events} t JOIN tickets USING (ticket)
    WHERE type = 'ticket_transferred' AND t.department IS NOT NULL
    GROUP BY ticket"""

TOOK = """count(*), avg(epoch_us(ended) - epoch_us(opened_at)) / 1e6,
          quantile_cont((epoch_us(ended) - epoch_us(opened_at))::DOUBLE / 1e6, [0.5, 0.9])"""

RESULTS = {
    "first_response": """SELECT coalesce(at_reply, department), date_trunc('month', ended), {took}
        FROM (SELECT *, replied_at AS ended FROM tickets LEFT JOIN moved USING (ticket) WHERE replied_at IS NOT NULL)
        GROUP BY 1, 2""",
    "full_resolution": """SELECT coalesce(at_last_closing, department), date_trunc('month', ended), {took}
        FROM (SELECT *, last_closed_at AS ended FROM tickets LEFT JOIN moved USING (ticket)
              WHERE last_closing > coalesce(reopening, 0))
        GROUP BY 1, 2""",
    "reopen_rate": """SELECT coalesce(at_first_closing, department), date_trunc('month', first_closed_at), count(*),
               count(reopening)
        FROM tickets LEFT JOIN moved USING (ticket) WHERE first_closed_at IS NOT NULL
        GROUP BY 1, 2""",
    # Only the closings of tickets with answers are numbered.
    "csat": """WITH answers AS (
            SELECT ticket, closing, arg_max(scale, version) AS scale, arg_max(score, version) AS score
            FROM {events} WHERE type = 'survey_submitted' AND score IS NOT NULL GROUP BY ticket, closing),
        closings AS (
            SELECT ticket, by_id AS agent, row_number() OVER (PARTITION BY ticket ORDER BY version) AS closing
            FROM {events} WHERE type = 'ticket_closed' AND ticket IN (SELECT ticket FROM answers))
        SELECT agent, count(*),
               count(*) FILTER (score >= CASE scale WHEN 'binary' THEN 1 WHEN 'four' THEN 3 ELSE 4 END)
        FROM answers JOIN closings USING (ticket, closing) GROUP BY 1""",
}


def computed(form, directory):
    started = time.perf_counter()
    if form == "table":
        connection = duckdb.connect(os.path.join(directory, "events.duckdb"), read_only=True)
        events = "events"
    else:
        connection = duckdb.connect()
        events = "'" + os.path.join(directory, "events.parquet") + "'"
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(TICKETS[form].format(events=events))
    connection.execute(MOVED.format(events=events))
    results = {name: connection.execute(query.format(events=events, took=TOOK)).fetchall() for name, query in RESULTS.items()}
    return time.perf_counter() - started, results


def plain(row):
    """A row as names and numbers: months as they are labelled, lists flat."""
    for value in row:
        if isinstance(value, list):
            yield from value
        elif hasattr(value, "strftime"):
            yield value.strftime("%Y-%m")
        else:
            yield value


def main():
    form, directory = sys.argv[1:]
    if form == "load":
        connection = duckdb.connect(os.path.join(directory, "events.duckdb"))
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(LOAD.format(parquet=os.path.join(directory, "events.parquet")))
        connection.close()
        print(json.dumps({"version": duckdb.__version__}))
        return
    seconds, results = computed(form, directory)
    rows = {name: [list(plain(row)) for row in rows] for name, rows in results.items()}
    print(json.dumps({"seconds": seconds, **rows}))


if __name__ == "__main__":
    main()
