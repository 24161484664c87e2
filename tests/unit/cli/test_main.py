"""The command line: help, wrong arguments, the targets of the Makefile, standard output."""

import logging
import os
import re
import shlex
import subprocess
import sys

from ecommerce.cli import __main__ as command_line
from ecommerce.cli import environment
from ecommerce.warehouse import adhoc_query, client
from ecommerce.warehouse.adhoc_query import QueryResult


def test_help_of_every_command(run, snapshot):
    commands = [name for name in command_line.app.commands if name != "forecast"]
    texts = [run([command, "--help"]) for command in commands]
    assert "\n\n".join(texts) == snapshot


USAGE_ERRORS = """
backfill --from 2026-11-01
backfill --from 2026-02-01 --to 2026-02-30
backfill --from 2026-02-01 --to 2026-02-02 --jobs 0
backfill --from 2026-02-01 --to 2026-02-02 --dag storefront_orders_sync
repair
repair --day 18.11.2026
repair --day 2026-11-18 --source web_events
report
run
query
query --sql SELECT --format json
query --file missing.sql
undo-history
forget-customer ada@example.com
unknown
"""


def test_wrong_arguments(run, monkeypatch, snapshot):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    texts = [run(words) for words in USAGE_ERRORS.strip().splitlines()]
    assert "\n\n".join(texts) == snapshot


TARGETS = """
help
demo
stop
test
test ARGS=-x
test-slow
test-full
test-all
test-browser
test-compose
test-monitoring
test-bigquery
test-bigquery PROJECT=my-project
test-bigquery PROJECT=my-project LOCATION=EU BUCKET=my-bucket
soak
soak MINUTES=60 SEED=1
lint
check
check ARGS=settings
bench-history
bench-events ARGS='--events 5'
bench-report
run
run DAY=2026-11-01
airflow
airflow ARGS='dags list'
emulator
pictures
backfill FROM=2026-11-01
backfill TO=2026-11-01
backfill FROM=2026-11-01 TO=2026-11-07
backfill FROM=1 TO=2 JOBS=4 MAIL=1 AGAIN=1 DAG=a_dag
repair
repair DAY=2026-11-01
repair DAY=2026-11-01 SOURCE=storefront MAIL=1 WAIT=0
report
report DAY=2026-11-01
report DAY=2026-11-01 MAIL=1 WAIT=0
forecast
forecast SERIES=total AS_OF=2026-11-01 OUT=file.csv
undo-history
undo-history SOURCE=old_shop
query SQL='SELECT 1'
query FILE=question.sql FORMAT=csv
tables
tables FORMAT=dbt
migrate
forget-customer
env
"""


def make(repository, *words, **environ):
    """Run make without the variables of a make that runs the tests."""
    return subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=repository,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
    )


def test_what_each_target_of_the_makefile_runs(repository, snapshot):
    texts = []
    for target in TARGETS.strip().splitlines():
        done = make(repository, "--dry-run", *shlex.split(target))
        output = re.sub(r"(?m) +$", "", done.stdout.rstrip())
        error = re.sub(r"^Makefile:\d+: ", "", done.stderr.rstrip())
        heading = f"$ make {target}\nexit code {done.returncode}"
        texts.append("\n".join(filter(None, (heading, output, error))))
    assert "\n\n".join(texts) == snapshot


def test_help_lists_every_target_with_what_it_does(repository, snapshot):
    assert make(repository).stdout == snapshot


def test_make_passes_a_value_as_it_is(repository):
    value = "old shop; echo $HOME `it's`"
    given = f"SOURCE={value.replace('$', '$$')}"
    words = ("undo-history", given, "BOOTSTRAP=true", "CLI=printf '%s|'")
    assert make(repository, *words).stdout == f"undo-history|--source|{value}|"
    sql = "SELECT 'it''s $x $(x) `orders` \"quoted\" #' -- % of\nFROM orders"
    words = ("query", f"SQL={sql}", "BOOTSTRAP=true", "CLI=printenv QUERY #")
    assert make(repository, *words).stdout == f"{sql}\n"


def test_standard_output_has_the_result_alone(monkeypatch, capsys):
    def run_query(statement, warehouse, max_rows=None):
        print("a line of a library")
        record = logging.makeLogRecord({"msg": "a line of Airflow's log"})
        logging.StreamHandler(sys.stdout).emit(record)
        return QueryResult((("n", "INTEGER"),), 2, iter([(1,), (2,)]))

    monkeypatch.setattr(environment, "load", lambda: None)
    monkeypatch.setattr(adhoc_query, "run_query", run_query)
    monkeypatch.setattr(client, "connect", lambda **labels: None)
    assert command_line.main(["query", "--sql", "SELECT 1", "--format", "csv"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "n\n1\n2\n"
    assert shown.err == "a line of a library\na line of Airflow's log\n"
