"""`make test-bigquery PROJECT=…`: see the package's docstring."""

import argparse
import logging
import os
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from demo.services import postgres
from demo.services.ports import free_port
from ecommerce.cli.environment import SETTINGS
from ecommerce.core.errors import PipelineError
from tests.integration.company import HASH_KEY, company
from tests.integration.live_airflow import timezone_at_work
from tests.rehearsal.place import of_bigquery
from tests.rehearsal.runner import (
    MOST_BYTES_OF_A_JOB,
    Check,
    Jobs,
    is_clean,
    run,
    table,
)
from tests.rehearsal.shop import Rehearsal
from tests.rehearsal.steps import STEPS
from tests.settings import environment

FOREIGN = ("AIRFLOW_CONN_", "AIRFLOW_VAR_", "BIGQUERY_EMULATOR_HOST")
CREDENTIALS = (
    "Credentials are those of the connection bigquery in .env if it is of this project, else of "
    "gcloud auth application-default login; the account needs the role BigQuery User on the project."
)


def rehearse(place, home, server, jobs, steps=STEPS):
    """Run a rehearsal at a place, delete all that it has made there, and return the rows of its table.
    `server` is a PostgreSQL server for the sales database."""
    rows = []
    with _environment(place):
        with place.owned():
            try:
                with _company(place, home, server) as shop, jobs.recorded():
                    for row in run(steps, shop, jobs):
                        rows.append(row)
            except KeyboardInterrupt:
                rows.append(Check("the rehearsal", "run", "interrupted"))
            finally:
                jobs.cancel()
        left = ", ".join(place.left()) or "nothing"
        rows.append(Check("left in the project", "nothing", left))
    return rows


@contextmanager
def _environment(place):
    """Let this process have the connection of a place, and no other connection, Variable or setting."""
    own = {
        "BIGQUERY_DATASET": place.dataset,
        "CUSTOMER_HASH_KEY": HASH_KEY,
        "MAXIMUM_BYTES_BILLED": str(MOST_BYTES_OF_A_JOB),
        # Some loads are of days long ago.
        "EVENTS_RETENTION_DAYS": "36500",
    }
    with environment({}):
        for name in list(os.environ):
            if name in SETTINGS or name.startswith(FOREIGN):
                del os.environ[name]
        os.environ.update(own | place.environment)
        yield


@contextmanager
def _company(place, home, server):
    client = place.client()
    with company(
        home,
        server,
        place.emulator,
        timezone=timezone_at_work(),
        dataset=place.dataset,
        client=client,
    ) as started:
        os.environ.update(started.environment | place.environment)
        if place.is_real:
            del os.environ["BIGQUERY_EMULATOR_HOST"]
        yield Rehearsal(place, started, home)


def main(arguments=None):
    """Rehearse on BigQuery, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal")
    parser.add_argument("--project", required=True)
    parser.add_argument("--location", default="US")
    parser.add_argument("--bucket", default="", help="bucket for staged files")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    for name in ("NO_PROXY", "no_proxy"):  # the company's servers are local
        os.environ[name] = f"localhost,127.0.0.1,{os.environ.get(name, '')}"
    logging.disable(logging.INFO)
    home = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    server = postgres.start(home / "sales_db", free_port())
    try:
        place = of_bigquery(options.project, options.location, options.bucket)
        print(f"project {options.project}, datasets {' and '.join(place.datasets)}")
        rows = rehearse(place, home / "company", server, Jobs())
    except PipelineError as error:
        print(f"{error}\n{CREDENTIALS}", file=sys.stderr)
        return 1
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    print(table(rows))
    return 0 if is_clean(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
