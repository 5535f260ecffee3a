"""The peer of the report benches: the same groups over the same measurements, as a sorted table in DuckDB.

Started with the path of a CSV of first responses (instant, took, department, agent; whole seconds) and the bounds of a month
in seconds since 1970. Answers a line of JSON for each line on its standard input:

  month   department and agent in that month: the seconds that the query took, its result kept in DuckDB
  all     department and month of the whole history: the same
  rows month, rows all   the groups of that result, each with its figures

DuckDB runs with its defaults, which are all cores.
"""

import json
import sys
import time

import duckdb

FIGURES = """count(*), sum(took), avg(took), min(took), max(took),
             quantile_cont(took, [0.5, 0.75, 0.9, 0.95, 0.99])"""

# What is grouped by is a dictionary there as here; instants and durations are numbers in both.
LOAD = """
CREATE TYPE department AS ENUM (SELECT DISTINCT department FROM read_csv('{path}') ORDER BY 1);
CREATE TYPE agent AS ENUM (SELECT DISTINCT agent FROM read_csv('{path}') ORDER BY 1);
CREATE TABLE first_responses AS
    SELECT to_timestamp(instant)::TIMESTAMP AS instant, took::DOUBLE AS took, department::department AS department,
           agent::agent AS agent
    FROM read_csv('{path}') ORDER BY instant;
"""

QUERIES = {
    "month": """CREATE OR REPLACE TEMP TABLE result_month AS
        SELECT department, agent, {figures} FROM first_responses
        WHERE instant >= to_timestamp({start})::TIMESTAMP AND instant < to_timestamp({end})::TIMESTAMP
        GROUP BY department, agent""",
    "all": """CREATE OR REPLACE TEMP TABLE result_all AS
        SELECT department, date_trunc('month', instant) AS month, {figures} FROM first_responses
        GROUP BY department, date_trunc('month', instant)""",
}

ROWS = {
    "month": "SELECT * FROM result_month",
    "all": "SELECT * REPLACE (strftime(month, '%Y-%m') AS month) FROM result_all",
}


def main():
    path, start, end = sys.argv[1:]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(LOAD.format(path=path))
    queries = {name: query.format(figures=FIGURES, start=start, end=end) for name, query in QUERIES.items()}
    print(json.dumps({"version": duckdb.__version__}), flush=True)
    for line in sys.stdin:
        *rows, name = line.split()
        if rows:
            answer = connection.execute(ROWS[name]).fetchall()
        else:
            started = time.perf_counter()
            connection.execute(queries[name])
            answer = time.perf_counter() - started
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
