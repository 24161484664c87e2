"""The command line: help, wrong arguments, the targets of the Makefile, standard output."""

import os
import re
import shlex
import subprocess

import pytest

from ecommerce.cli import __main__ as command_line


def test_help_of_every_command(run, snapshot):
    commands = [name for name in command_line.app.commands if name != "forecast"]
    texts = [run([command, "--help"]) for command in commands]
    assert "\n\n".join(texts) == snapshot


USAGE_ERRORS = {
    "backfill --from 2026-11-01": "Missing option '--to'.",
    "backfill --from 2026-02-01 --to 2026-02-30": "Invalid value for '--to'",
    "backfill --from 2026-02-01 --to 2026-02-02 --jobs 0": "0 is not in the range x>=1",
    "backfill --from 2026-02-01 --to 2026-02-02 --dag storefront_orders_sync": (
        "not one of 'daily_sales_pipeline', 'user_events_daily'."
    ),
    "backfill --from 2026-02-01 --to 2026-02-02 --dag user_events_daily --mail": (
        "only daily_sales_pipeline has a report to mail"
    ),
    "repair": "Missing option '--day'.",
    "repair --day 18.11.2026": "Invalid value for '--day'",
    "report": "give one of DAY, WEEK and MONTH",
    "report --day 2026-11-01 --week 2026-W47": "give one of DAY, WEEK and MONTH",
    "report --day 2026-11-01 --subscription board": (
        "SUBSCRIPTION is of a WEEK or a MONTH"
    ),
    "run": "Missing option '--day'.",
    "query": "pass one statement: make query SQL='SELECT",
    "query --sql SELECT --format json": "'json' is not one of 'table', 'csv'.",
    "query --file missing.sql": "'missing.sql': No such file or directory",
    "undo-history": "Missing option '--source'.",
    "forget-customer ada@example.com": "unexpected extra argument (ada@example.com)",
    "unknown": "No such command 'unknown'.",
}


@pytest.mark.parametrize("words", USAGE_ERRORS)
def test_wrong_arguments(run, monkeypatch, words):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    text = run(words)
    assert f"exit code {1 if words == 'query' else 2}\n" in text
    assert USAGE_ERRORS[words] in text.splitlines()[-1]


TARGETS = """
test
test ARGS=-x
test-slow
test-full
test-browser
test-bigquery
test-bigquery PROJECT=my-project
test-bigquery PROJECT=my-project LOCATION=EU BUCKET=my-bucket
soak MINUTES=60 SEED=1
lint
check ARGS=settings
bench-events ARGS='--events 5'
run
run DAY=2026-11-01
airflow
airflow ARGS='dags list'
backfill FROM=2026-11-01
backfill FROM=1 TO=2
backfill FROM=1 TO=2 JOBS=4 MAIL=1 AGAIN=1 DAG=a_dag
history FROM=1
history FROM=1 TO=2 SOURCE=storefront AGAIN=1
repair
repair DAY=2026-11-01
repair DAY=2026-11-01 SOURCE=storefront MAIL=1 WAIT=0
report DAY=2026-11-01
report DAY=2026-11-01 MAIL=1 WAIT=0
report WEEK=2026-W47
report MONTH=2026-10 SUBSCRIPTION=board MAIL=1 WAIT=0
report
forecast SERIES=total AS_OF=2026-11-01 OUT=file.csv
undo-history
query FILE=question.sql FORMAT=csv
tables FORMAT=dbt
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
        # The tools of earlier runs may be installed.
        done = make(repository, "--dry-run", "--always-make", *shlex.split(target))
        # Long commands are written in several lines.
        output = re.sub(r"[ \\\n\t]*\n\t|[ \\\n]+$", " ", done.stdout).strip()
        error = re.sub(r"^Makefile:\d+: ", "", done.stderr.rstrip())
        texts.append(f"$ make {target}\n{output}\n{error}".rstrip())
    assert "\n".join(texts) == snapshot


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
