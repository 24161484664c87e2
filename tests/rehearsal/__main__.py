"""`make test-bigquery PROJECT=…`: see the package's docstring."""

import argparse
import logging
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from demo.services import emulator
from demo.services.ports import free_port
from ecommerce.core.errors import PipelineError
from tests.rehearsal.place import of_bigquery, open_shop
from tests.rehearsal.runner import Check, Jobs, is_clean, run, table
from tests.rehearsal.steps import STEPS, Rehearsal

CREDENTIALS = (
    "Credentials are those of the connection bigquery in .env if it is of this project, else of "
    "gcloud auth application-default login; the account needs the role BigQuery User on the project."
)


def rehearse(place, server, home, jobs, steps=STEPS):
    """Run a rehearsal at a place, delete all that it has made there, and return the rows of its table.
    `server` is the emulator."""
    rows = []
    with open_shop(place, server, home) as shop:
        with place.owned():
            try:
                with jobs.recorded():
                    for row in run(steps, Rehearsal(place, shop, server, home), jobs):
                        rows.append(row)
            except KeyboardInterrupt:
                rows.append(Check("the rehearsal", "run", "interrupted"))
            finally:
                jobs.cancel()
        left = ", ".join(place.left()) or "nothing"
        rows.append(Check("left in the project", "nothing", left))
    return rows


def main(arguments=None):
    """Rehearse on BigQuery, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal")
    parser.add_argument("--project", required=True)
    parser.add_argument("--location", default="US")
    parser.add_argument("--bucket", default="", help="bucket for staged files")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    for name in ("NO_PROXY", "no_proxy"):  # the emulator is local
        os.environ[name] = f"localhost,127.0.0.1,{os.environ.get(name, '')}"
    logging.disable(logging.INFO)
    home = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    server = emulator.start(home / "bigquery", free_port(), keep=False)
    try:
        place = of_bigquery(options.project, options.location, options.bucket)
        print(f"project {options.project}, datasets {' and '.join(place.datasets)}")
        rows = rehearse(place, server, home / "shop", Jobs())
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
