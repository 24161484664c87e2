"""For DAG files of tests: a DAG of the product that retries after a second and stops where a test kills it.

For each stage a test leaves the file `<dag>.<stage>` in the folder `STOPS`. The first task that gets there
takes it away, writes its process id beside it, and waits for its end.
"""

import functools
import importlib.util
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from ecommerce.mail.alerts import DEFAULT_ARGS
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.sales import delivery
from ecommerce.storage import staging
from ecommerce.warehouse.client import Warehouse
from tests.recipes import REPOSITORY

DAGS = REPOSITORY / "dags"
QUICK = {
    "retries": 5,
    "retry_delay": timedelta(seconds=1),
    "retry_exponential_backoff": 0,
}


def arm(folder, dag_id, stages):
    """Ask for stops; by stage, the file that will hold the process id."""
    folder.mkdir(exist_ok=True)
    for stage in stages:
        (folder / f"{dag_id}.{stage}").touch()
    return {stage: folder / f"{dag_id}.{stage}.pid" for stage in stages}


def product_dag(dag_id, source):
    """The DAG of `dags/<dag_id>.py`; `source` is the one whose extract and transform may stop."""
    NETWORK_RETRIES.update(QUICK)
    DEFAULT_ARGS.update(QUICK)
    if tasks := sys.modules.get(
        "ecommerce.sales.tasks"
    ):  # its decorators took the retries as they were
        importlib.reload(tasks)

    def stage_of_folder(draft, **_):
        if draft.uri.endswith(f"/transformed/{source}"):
            return "transform"
        if draft.uri.endswith((f"/{source}", "/export")):
            return "extract"
        return "report" if draft.uri.startswith(os.environ["REPORTS_URI"]) else None

    def stage_of_statement(_, __, what, *___, **____):
        return "load" if what == "load" else None

    def stopping(step, stage):
        @functools.wraps(step)
        def stepped(*arguments, **options):
            result = step(*arguments, **options)
            if name := stage(*arguments, **options):
                _stop(f"{dag_id}.{name}")
            return result

        return stepped

    # A folder is written, and no reader can see it; a transaction is committed, a mail claimed, sent or
    # marked, and no other process knows.
    staging.Draft.seal = stopping(staging.Draft.seal, stage_of_folder)
    Warehouse.run = stopping(Warehouse.run, stage_of_statement)
    steps = (
        (delivery.delivery_log, "claim"),
        (delivery.mail, "send"),
        (delivery.delivery_log, "mark_sent"),
    )
    for module, step in steps:
        stopped = stopping(getattr(module, step), lambda *_, name=step, **__: name)
        setattr(module, step, stopped)
    spec = importlib.util.spec_from_file_location(
        f"product_{dag_id}", DAGS / f"{dag_id}.py"
    )
    assert spec
    assert spec.loader
    product = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(product)
    return product.dag


def _stop(name):
    folder = Path(os.environ["STOPS"])
    try:
        (folder / name).rename(folder / f"{name}.taken")
    except FileNotFoundError:
        return
    unnamed = folder / f"{name}.new"
    unnamed.write_text(str(os.getpid()))
    unnamed.rename(folder / f"{name}.pid")
    while True:
        time.sleep(1)
