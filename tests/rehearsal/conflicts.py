"""Every pair of loads at the same moment, compared with the model of BigQuery's conflicts."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import combinations_with_replacement

import pytest
from google.api_core.exceptions import GoogleAPIError
from google.cloud import bigquery

from ecommerce.core.errors import (
    ConcurrentUpdateError,
    ContractError,
    PipelineError,
)
from ecommerce.warehouse.client import connect
from tests import queries
from tests.integration.warehouse.bigquery_rules import is_cancelled
from tests.integration.warehouse.conftest import STATE
from tests.integration.warehouse.operations import KINDS, operations
from tests.integration.warehouse.web_events import STATE as EVENT_TABLES
from tests.rehearsal.runner import Check, NotRun
from tests.rendered_sql import split

TOKEN = re.compile(r"(COALESCE\(token, 'none'\) = )'[^']*'")
"""In a load's script: the lock's token when the load looked up its days."""
ONE_CANCELLED = "one commits, one is cancelled"
BOTH_COMMIT = "both commit"
CANCELLED = "is cancelled"
REFUSED = "is refused by the lock"
NOT_COMMITTED = (CANCELLED, REFUSED)
"""At the same time, one load cancels the other before the lock refuses both."""
TABLES = (*STATE, *EVENT_TABLES)
REPEATED = ("day", "another day", "events")


class Held(Exception):
    """A transaction was not sent; the text is its script."""


def transaction_of(load):
    """Return the script of the first transaction of `load`, and do everything before it."""

    def hold(send, sql, **options):
        if "BEGIN TRANSACTION" in sql:
            raise Held(sql)
        return send(sql, **options)

    with pytest.MonkeyPatch.context() as patch:
        queries.intercept(patch, hold)
        try:
            load()
        except Held as held:
            return str(held)
    raise AssertionError("the load has no transaction")


def wait_for(job):
    """Wait for the end of a job, whatever it is."""
    with suppress(GoogleAPIError):
        job.result(timeout=300)


@contextmanager
def open_transaction(client, script):
    """Run a transaction in a session of BigQuery, and keep it open meanwhile; then commit it."""
    config = bigquery.QueryJobConfig(create_session=True)
    job = client.query("SELECT 1", job_config=config)
    job.result()
    session = job.session_info.session_id
    config = bigquery.QueryJobConfig(
        connection_properties=[bigquery.ConnectionProperty("session_id", session)]
    )
    *statements, commit = split(script)
    try:
        for statement in statements:
            client.query(statement, job_config=config).result()
        yield
        client.query(commit, job_config=config).result()
    except BaseException:
        client.query("ROLLBACK TRANSACTION", job_config=config)
        raise


def attempt(script):
    """Run a transaction; return what becomes of it."""
    try:
        connect(step="rehearsal").run(script, "a transaction")
    except ConcurrentUpdateError as error:
        if "had looked up its days" in str(error):
            return REFUSED
        return CANCELLED
    except PipelineError as error:
        return f"fails: {error}"
    return "commits"


def attempts(scripts):
    """Run transactions at the same time; return what becomes of each, by name."""
    with ThreadPoolExecutor(len(scripts)) as pool:
        running = {name: pool.submit(attempt, sql) for name, sql in scripts.items()}
        return {name: result.result() for name, result in running.items()}


def killed_load(rehearsal):
    """A load that stops between two statements leaves nothing; a cancelled one, all or nothing."""
    shop = rehearsal.shop
    load = partial(operations(shop, rehearsal.home / "killed")["day"], shop)
    before = shop.state()
    script = transaction_of(load)
    statements = split(script)
    last = statements.index("COMMIT TRANSACTION")
    for number in (last // 2, last):
        crash = [*statements[:number], "SELECT ERROR('crash')", *statements[number:]]
        what = f"a crash after {number} of {last} statements"
        try:
            shop.warehouse.run(";\n".join(crash), "crash")
            error = "none"
        except ContractError as raised:
            error = "crash" if "crash" in str(raised) else str(raised)
        yield Check(f"the error of {what}", "crash", error)
        yield Check(f"tables changed by {what}", "[]", changed(shop, before))
    job = shop.warehouse.begin_query(script)
    job.cancel()
    wait_for(job)
    cancelled = shop.state()
    load()
    is_whole = cancelled in (before, shop.state())
    yield Check("a cancelled job leaves all or nothing", "True", str(is_whole))
    yield Check("a load after it has rows", "True", str(before != shop.state()))


def changed(shop, before, tables=STATE):
    """Return the names of the tables whose rows are not those `before`."""
    now = shop.state(tables)
    return str([name for name in tables if now[name] != before[name]])


def pairs_of_loads(rehearsal):
    """While the transaction of each kind of load is open, that of every kind begins; then it commits."""
    shop = rehearsal.shop
    warehouse = shop.warehouse
    kinds = {}
    for kind, operation in operations(shop, rehearsal.home / "pairs").items():
        kinds[kind] = partial(operation, shop)
    scripts = {}
    for kind in KINDS:
        scripts[kind] = transaction_of(kinds[kind])
        if kind == "history":
            kinds[kind]()  # an undo needs an export
    outcomes = {}
    for first in KINDS:
        script = transaction_of(kinds[first])
        current = _looked_up_now(warehouse, scripts)
        with open_transaction(warehouse.client, script):
            if rehearsal.place.is_real:
                for second, text in attempts(current).items():
                    outcomes[first, second] = f"commits, {text}"
        yield _after(first, current)
    for first, second in combinations_with_replacement(KINDS, 2):
        what = f"{first} and {second} at once"
        is_conflict = is_cancelled(scripts[first], scripts[second])
        expected = ONE_CANCELLED if is_conflict else BOTH_COMMIT
        if rehearsal.place.is_real:
            yield Check(what, expected, _of_both(outcomes, first, second))
        else:
            reason = "the emulator runs one after the other"
            yield NotRun(what, expected, reason)
    copies = warehouse.query("warehouse/procedures/copies/find.sql")
    yield Check("tables with rows stored twice after all pairs", "[]", str(copies))
    state = shop.state(TABLES)
    for kind in REPEATED:
        kinds[kind]()
    what = f"tables that change by {', '.join(REPEATED)} once more"
    yield Check(what, "[]", changed(shop, state, TABLES))


def _looked_up_now(warehouse, scripts):
    """Return the scripts of loads as if they had looked up their days now."""
    dataset = warehouse.settings.bigquery_dataset
    [lock] = warehouse.table_rows(f"{dataset}.load_lock")
    current = {}
    for kind, script in scripts.items():
        current[kind] = TOKEN.sub(rf"\g<1>'{lock['token']}'", script)
    return current


def _after(first, scripts):
    """Return the check that no load commits that looked up its days before `first` has committed."""
    late = {kind: script for kind, script in scripts.items() if TOKEN.search(script)}
    committed = []
    for kind, text in attempts(late).items():
        if text not in NOT_COMMITTED:
            committed.append(f"{kind} {text}")
    what = f"after {first}: loads with an older look-up that commit"
    return Check(what, "none", ", ".join(committed) or "none")


def _of_both(outcomes, first, second):
    """Return what became of two kinds, whichever began first."""
    pairs = {outcomes[first, second], outcomes[second, first]}
    if pairs == {f"commits, {CANCELLED}"}:
        return ONE_CANCELLED
    if pairs == {"commits, commits"}:
        return BOTH_COMMIT
    return "; ".join(sorted(pairs))
