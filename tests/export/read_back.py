"""Recomputes figures from exported measurements and tickets (Parquet) with DuckDB, and some once more with Polars.

Started with the paths of the two files; prints one JSON object. Nothing here knows how Daftar counts but docs/export.md
and docs/metrics.md.
"""

import json
import sys

import duckdb
import polars

# What a report counts under the default definition: what stands, of tickets that are not void.
STANDS = "not voided and taken_back is null"


def by_department(connection, query):
    """The rows of a query: the department, then lists of figures."""
    return [[row[0], *map(number, row[1:])] for row in connection.execute(query).fetchall()]


def number(value):
    return value if value is None or isinstance(value, (int, str)) else float(value)


def with_duckdb(measurements, tickets):
    connection = duckdb.connect()
    connection.execute(f"create view m as from '{measurements}'")
    connection.execute(f"create view t as from '{tickets}'")
    return {
        "version": duckdb.__version__,
        "types": dict(connection.execute("select column_name, column_type from (describe m)").fetchall()),
        "first_response": by_department(
            connection,
            """select department, strftime(occurred_at at time zone 'UTC', '%Y-%m'), count(*), sum(took_s), avg(took_s::double),
                      quantile_cont(took_s::double, 0.5), quantile_cont(took_s::double, 0.9)
               from m where kind = 'first_response' and not voided group by all""",
        ),
        "full_resolution": by_department(
            connection,
            f"""select department, count(*), sum(took_s), avg(took_s::double), quantile_cont(took_s::double, 0.9)
                from m where kind = 'closing' and {STANDS} group by all""",
        ),
        "csat": by_department(
            connection,
            f"""select department, count(*), count(*) filter (positive), 100 * avg(positive::int)
                from m where kind = 'answer' and field = 'overall' and {STANDS} group by all""",
        ),
        "reopened": by_department(
            connection,
            "select department, count(*), count(distinct ticket) from m where kind = 'reopening' and not voided group by all",
        ),
        "reopen_rate": by_department(
            connection,
            """select m.department, count(*), count(*) filter (reopenings > 0)
               from m join t using (ticket) where kind = 'first_closing' and not m.voided group by all""",
        ),
        "tags": by_department(
            connection,
            """select tag, count(*)
               from (select unnest(tags) as tag from m where kind = 'opening' and not voided) group by all""",
        ),
        "kinds": by_department(
            connection, "select attributes['request_type'] as kind, count(*) from t where not voided group by all"
        ),
        "tickets": list(
            map(
                number,
                connection.execute(
                    """select count(*), count(*) filter (state <> 'closed'), sum(reopenings)::bigint,
                              count(first_response_s), sum(first_response_s), count(full_resolution_s),
                              sum(full_resolution_s), count(first_resolution_s), sum(first_resolution_s), sum(open_s)
                       from t where not voided"""
                ).fetchone(),
            )
        ),
    }


def with_polars(measurements, tickets):
    rows = polars.read_parquet(measurements).filter(~polars.col("voided"))
    overall = (polars.col("kind") == "answer") & (polars.col("field") == "overall") & polars.col("taken_back").is_null()
    took = rows.filter(polars.col("kind") == "first_response")["took_s"].cast(polars.Float64)
    answers = rows.filter(overall)["positive"]
    return {
        "version": polars.__version__,
        "rows": polars.read_parquet(tickets).height,
        "first_response": [len(took), took.mean(), took.quantile(0.9, interpolation="linear")],
        "csat": [len(answers), int(answers.sum())],
        "instants": str(rows.schema["occurred_at"]),
    }


def main():
    measurements, tickets = sys.argv[1:]
    answer = {"duckdb": with_duckdb(measurements, tickets), "polars": with_polars(measurements, tickets)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
