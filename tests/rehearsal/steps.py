"""What the company of a rehearsal does, in order. Each step yields its checks."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from demo.ledger import SALES_DB, STOREFRONT
from demo.seeders import catalogue as catalogue_files
from demo.seeders import targets
from demo.services.catalogue import catalogue_app
from demo.services.flask_service import FlaskService
from ecommerce.core.business_day import day_window
from ecommerce.core.check_result import FAIL
from ecommerce.core.errors import ContractError
from ecommerce.core.names import DAG_DAILY
from ecommerce.events import loading as events
from ecommerce.events.source import WEB_EVENTS
from ecommerce.forecast import loading as forecasts
from ecommerce.forecast.data.history import prepare as prepare_history
from ecommerce.forecast.data.history import read_prepared
from ecommerce.forecast.models import ensemble, registry, training
from ecommerce.forecast.partner_ftp.files import PartnerFiles
from ecommerce.sales import delivery_log
from ecommerce.sales.erasure import customer_hash, forget
from ecommerce.sales.history.undo import undo
from ecommerce.sales.report import archive, build
from ecommerce.sales.report_mail import read_mail
from ecommerce.sources import live_sources
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import (
    adhoc_query,
    check_access,
    load_history,
    rendering,
    staging_tables,
)
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.migrate import migrate
from ecommerce.warehouse.schema import ddl, listed_tables, missing
from ecommerce.warehouse.schema import prepare as prepare_warehouse
from tests import oracle_customers, oracle_events, oracle_report
from tests.integration import catalogue_run, exports, other_runs
from tests.integration.comparison_views import check_comparisons
from tests.integration.corrections import edited, plain_orders
from tests.integration.customer_views import check_views
from tests.integration.test_user_events_daily import history, write
from tests.integration.warehouse.test_query import SAMPLES
from tests.integration.warehouse_contents import of_all_days
from tests.oracle_comparisons import History
from tests.rehearsal.conflicts import pairs_of_loads, transaction_of, wait_for
from tests.rehearsal.oldest import COLUMNS, older_table
from tests.rehearsal.runner import Check, NotRun
from tests.rehearsal.shop import SAME, outcome
from tests.rendered_sql import split
from tests.settings import environment, lower

NOTHING = "nothing"
BOTH = "all or nothing"


def new_warehouse(shop):
    """A first run makes both datasets, all tables and all views; `make check` finds nothing."""
    warehouse = connect(step="rehearsal")
    prepare_warehouse(warehouse)
    yield Check(
        "missing tables and views", NOTHING, words(missing(listed_tables(warehouse)))
    )
    failing = [text for state, text in check_access.check() if state == FAIL]
    yield Check("FAIL of make check", NOTHING, words(failing))
    table = f"`{shop.place.dataset}.order_lines`"
    try:
        warehouse.run(f"SELECT sku FROM {table}", "all lines")
        refusal = "rows"
    except ContractError as error:
        refusal = "a refusal" if "filter" in str(error) else str(error)
    yield Check("a query of all days without a filter", "a refusal", refusal)


def company_days(shop):
    """Two days, one after the other, and the second once more."""
    first, second = shop.days
    shop.company.show(shop.live(shop.end_of(first)))
    shop.run_day(first)
    yield from shop.compare("after the first day", [first])
    shop.company.show(shop.live(shop.end_of(second)))
    shop.run_day(second)
    yield from shop.compare("after the second day")
    shop.run_day(second)
    yield from shop.compare("after the second day again")


def views(shop):
    """Every view has rows or none, and those with an oracle the oracle's."""
    oracle = shop.oracle()
    summary = {row["business_date"]: row for row in oracle.daily_summary}
    customers = oracle_customers.of_ledger(oracle)
    compare = partial(check_views, shop.rows, customers)
    yield Check("views of customers and orders", SAME, outcome(compare))
    compare = partial(check_comparisons, shop.rows, History(summary))
    yield Check("views of comparisons", SAME, outcome(compare))
    for view in rendering.views():
        shop.rows(view)
        yield Check(f"all rows of the view {view}", "an answer", "an answer")


def documented_queries(shop):
    """Every query of QUERIES, DEFINITIONS and README."""
    warehouse = connect(step="rehearsal")
    for sql in SAMPLES:
        statement = adhoc_query.single_select(sql)
        list(adhoc_query.run_query(statement, warehouse).rows)
        yield Check(f"query {' '.join(sql.split())}", "an answer", "an answer")


def report(shop):
    """The report of the second day has the oracle's figures, and a PDF."""
    day = shop.days[-1]
    folder = shop.company.folders.targets
    targets.fill(folder, shop.books, day)
    run = DagRun("daily_sales_pipeline", "rehearsal__report")
    window = day_window(day, shop.company.timezone)
    archived = build.build_report(window, run)
    figures = archive.ARCHIVE.read_figures(archived.uri)
    pdf = read_mail(archived).pdf
    differing = oracle_report.differences(shop.oracle(), figures)
    yield Check(f"figures of the report of {day}", SAME, words(differing, SAME))
    yield Check("its document", "a PDF", "a PDF" if pdf[:4] == b"%PDF" else "none")


def hourly_sync(shop):
    """A storefront order changes, and a sync reads it."""
    order = plain_orders(shop.company.shown, STOREFRONT)[0]
    shop.edit(order, coupon_code="now", updated_at=datetime.now(UTC))
    shop.staged_sync()()
    yield from shop.compare("after a sync")


def reconciliation(shop):
    """An order changes without a new date: the reconciliation finds and corrects it."""
    order = plain_orders(shop.company.shown, SALES_DB)[0]
    snapshot = edited(shop.company.shown, order)
    shop.company.show(replace(snapshot, at=datetime.now(UTC)))
    found = other_runs.reconcile(datetime.now(UTC))
    days = words(pair["business_date"] for pair in found)
    expected = str(shop.day_of(order))
    yield Check("days that differ from the sales database", expected, days)
    yield from shop.compare("after the reconciliation")


def month_of_history(shop):
    """An export of the month before is loaded."""
    snapshot = shop.exported()
    folder = shop.home / "export"
    exports.write(folder, snapshot)
    exports.HistoryLoad(folder, datetime.now(UTC)).run()
    shop.history = snapshot.orders
    yield from shop.compare("with a month of history")


def forecast(shop):
    """The forecast of four weeks is stored as it was computed."""
    run = DagRun("weekly_sales_forecast", "rehearsal__forecast")
    as_of = shop.days[-1] + timedelta(days=1)
    prepared = read_prepared(prepare_history(run, as_of, PartnerFiles())).panels()
    store = Store.of_models()
    champion = registry.champion(store, as_of)
    trained = training.read(training.fit(prepared, champion, store), store)
    computed = training.predict_all(prepared, trained)
    manifest = forecasts.write(computed, as_of, run)
    loaded = load_manifest(forecasts.FORECASTS, run, manifest)
    check_load(run, loaded, forecasts.FORECASTS)
    names = ("series", "target_date", *ensemble.AMOUNTS)
    stored = shop.rows("sales_forecasts")
    yield same_rows("sales_forecasts", cells(computed, names), cells(stored, names))


def undone_history(shop):
    """The export is removed again, and a second time."""
    orders = len(shop.history)
    yield Check("orders that undo removes", str(orders), str(undo(exports.SOURCE)))
    shop.history = ()
    yield Check("orders that a second undo removes", "0", str(undo(exports.SOURCE)))
    yield from shop.compare("without the history")


def web_events(shop):
    """Two days of web events end in the sessions and the funnel of the oracle."""
    start = day_window(shop.days[0], shop.company.timezone).start
    already = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    sent = [event for event in history(start) if event["received_at"] < already]
    write(shop.company.folders.web_events, sent)
    for day in shop.days:
        run = DagRun("user_events_daily", f"rehearsal__{day}")
        window = day_window(day, shop.company.timezone)
        folder = run.folder(day, WEB_EVENTS.name)
        now = datetime.now(UTC)
        read = events.window_of(window, folder, load_history, now)
        manifest = events.transform(WEB_EVENTS.extract(read), run_id=run.run_id)
        loaded = load_manifest(events.EVENTS, run, manifest)
        check_load(run, loaded, events.EVENTS)
    accepted = oracle_events.accepted(sent, shop.company.timezone)
    expected = [(event.event_id,) for event in accepted]
    stored = shop.rows("user_events")
    yield same_rows("user_events", expected, cells(stored, ["event_id"]))
    counted = Counter()
    for row in shop.rows("daily_events"):
        counted[row["business_date"], row["event_type"]] += row["events"]
    kinds = [(event.day, event.raw["event_type"]) for event in accepted]
    yield same_rows("daily_events", kinds, counted.elements())
    sessions = oracle_events.sessions(accepted)
    columns = sessions[0].keys() - {"visitor"}
    stored = shop.rows("sessions")
    yield same_rows("sessions", cells(sessions, columns), cells(stored, columns))
    funnel = oracle_events.funnel(sessions)
    stored = shop.rows("daily_funnel")
    columns = funnel[0].keys()
    yield same_rows("daily_funnel", cells(funnel, columns), cells(stored, columns))


def catalogue(shop):
    """The product catalogue is read twice, with its pictures."""
    snapshot = shop.company.shown
    root = shop.company.folders.catalogue
    catalogue_files.fill(root, snapshot)
    with FlaskService(0, catalogue_app(root)) as server:
        connection = {"conn_type": "http", "host": server.url}
        variable = {"AIRFLOW_CONN_PRODUCT_CATALOGUE_API": json.dumps(connection)}
        with environment(variable):
            for number in range(2):
                catalogue_run.refresh(f"rehearsal__catalogue_{number}")
    expected = []
    for product in snapshot.products:
        state = "ok" if product.image_url else "no_picture"
        if product.sku == catalogue_files.BROKEN:
            state = "broken"
        expected.append((product.sku, product.name, product.category, state))
    stored = shop.rows("product_pictures")
    names = ("sku", "name", "category", "state")
    yield same_rows("product_pictures", expected, cells(stored, names))


def older_schema(shop):
    """The tables become those of the oldest version; `migrate` updates them, and a sync loads into them."""
    warehouse = connect(step="rehearsal")
    added = []
    for table in rendering.tables():
        _make_older(warehouse, table)
        for column in rendering.columns(table):
            if column.name not in COLUMNS.get(table, [column.name]):
                added.append((table, column.name))
    migration = migrate(warehouse)
    done = [text for text in migration.done if ": column " in text]
    yield Check("columns that migrate adds", str(len(added)), str(len(done)))
    yield Check("what migrate leaves to do", NOTHING, words(migration.left))
    again = migrate(warehouse)
    yield Check("what migrate does again", NOTHING, words(again.done + again.left))
    order = plain_orders(shop.company.shown, STOREFRONT)[2]
    shop.edit(order, coupon_code="new", updated_at=datetime.now(UTC))
    shop.staged_sync()()
    yield from shop.compare("after migrate", omitted=added)
    costs = []
    for rows in (shop.oracle().order_lines, shop.rows("order_lines")):
        of_order = [row for row in rows if row["order_id"] == order.order_id]
        amounts = [row["cost_amount"] for row in of_order]
        # A line may have no cost.
        shown = [
            str(amount if amount is None else round(amount, 2)) for amount in amounts
        ]
        costs.append(words(sorted(shown)))
    yield Check("costs of the order that was loaded then", *costs)


def _make_older(warehouse, table):
    """Give a table the columns of the oldest version, with its rows. (A dropped column reserves its name.)"""
    dataset = warehouse.settings.bigquery_dataset
    name = f"`{dataset}.{table}`"
    kept = f"`{dataset}.{table}_kept`"
    older = COLUMNS.get(table)
    if older is None:
        warehouse.run(f"DROP TABLE {name}", f"drop {table}")
    elif older != [column.name for column in rendering.columns(table)]:
        columns = ", ".join(f"`{column}`" for column in older)
        statements = [
            f"CREATE TABLE {kept} AS SELECT * FROM {name} {of_all_days(table)}",
            f"DROP TABLE {name}",
            older_table(table, ddl(table, warehouse.settings)).rstrip("; \n"),
            f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {kept}",
            f"DROP TABLE {kept}",
        ]
        warehouse.run(";\n".join(statements), f"the older {table}")


def staging_in_a_bucket(shop):
    """A day is staged in the bucket, from which BigQuery loads it."""
    what = "a day through gs://"
    if not shop.place.bucket:
        yield NotRun(what, "the rows of the oracle", "no bucket")
        return
    order = plain_orders(shop.company.shown, STOREFRONT)[1]
    shop.edit(order, coupon_code="gs", updated_at=datetime.now(UTC))
    staging = {"STAGING_URI": f"{shop.place.bucket_uri}/staging"}
    with environment(staging), pytest.MonkeyPatch.context() as patch:
        # Else a small load is uploaded.
        lower(patch, staging_tables, SMALL_RECORDS=0)
        shop.run_day(shop.days[-1])
    yield from shop.compare("through gs://")


def forgotten_customer(shop):
    """A customer is forgotten, and no run brings them back."""
    day = shop.days[-1]
    orders = Counter(map(_address, shop.snapshot().orders))
    for order in plain_orders(shop.company.shown, SALES_DB):
        email = _address(order)
        if shop.day_of(order) == day and email and orders[email] == 1:
            break
    warehouse = connect(step="rehearsal")
    cleared = forget(email, warehouse)
    yield Check("orders that forget clears", "1", str(cleared.get("rows of orders")))
    shop.run_day(day)
    shop.forgotten.add(order.email)
    yield from shop.compare("without the customer")
    key = warehouse.settings.customer_hash_key
    hashes = {row["forgotten_hash"] for row in shop.rows("forgotten_hashes")}
    known = customer_hash(email, key) in hashes
    yield Check("the customer's hash in forgotten_hashes", "True", str(known))


def _address(order):
    """The customer's address, which orders spell in several ways; empty without one."""
    return (order.email or "").strip().lower()


def two_runs_at_once(shop):
    """A daily run and a sync load at the same moment, each with an order that has changed."""
    now = datetime.now(UTC)
    for channel in (SALES_DB, STOREFRONT):
        order = plain_orders(shop.company.shown, channel)[3]
        shop.edit(order, coupon_code="at once", updated_at=now)
    loads = [shop.staged_day(shop.days[-1]), shop.staged_sync()]
    with ThreadPoolExecutor(2) as pool:
        for load in [pool.submit(load) for load in loads]:
            load.result()
    yield from shop.compare("after two runs at once")
    claim = partial(
        delivery_log.claim, shop.days[0], "0a1b", "<report@example.com>", now
    )
    with ThreadPoolExecutor(3) as pool:
        runs = [DagRun(DAG_DAILY, f"run-{number}") for number in range(3)]
        claims = [pool.submit(claim, run) for run in runs]
    refused = [claimed for claimed in claims if claimed.exception()]
    yield Check("mails of three claims at once", "1", str(len(claims) - len(refused)))


def killed_load(shop):
    """A load is stopped between two of its statements, and leaves nothing; then it is run again."""
    before = shop.oracle().tables()
    now = datetime.now(UTC)
    order = plain_orders(shop.company.shown, SALES_DB)[4]
    shop.edit(order, coupon_code="killed", updated_at=now)
    load = shop.staged_day(shop.days[-1])
    script = transaction_of(load)
    statements = split(script)
    last = statements.index("COMMIT TRANSACTION")
    warehouse = connect(step="rehearsal")
    for number in (last // 2, last):
        crash = [*statements[:number], "SELECT ERROR('crash')", *statements[number:]]
        try:
            warehouse.run(";\n".join(crash), "crash")
            error = "none"
        except ContractError as raised:
            error = "crash" if "crash" in str(raised) else str(raised)
        what = f"a crash after {number} of {last} statements"
        yield Check(f"the error of {what}", "crash", error)
        left = shop.company.differences(before) or SAME
        yield Check(f"the tables after {what}", SAME, left)
    job = warehouse.begin_query(script)
    job.cancel()
    wait_for(job)
    left = shop.company.differences(before)
    if left and not shop.company.differences(shop.oracle()):
        left = ""  # it had committed
    yield Check("the tables after a cancelled job", "all or nothing", left or BOTH)
    load()
    yield from shop.compare("after the load is run again")


def other_tables(shop):
    """The tables that no other step compares."""
    oracle = shop.oracle()
    names = ("customer_hash", "first_ordered_at")
    stored = [row for row in cells(shop.rows("customers"), names) if row[1]]
    yield same_rows("customers", oracle.first_counted.items(), stored)
    sold = {row["sku"] for row in oracle.order_lines}
    stored = {row["sku"] for row in shop.rows("products")}
    yield same_rows("products", sold, sold & stored)
    published = {}
    for rate in shop.company.shown.rates:
        published[rate.rate_date, rate.currency] = rate.rate
    names = ("rate_date", "currency", "rate")
    stored = cells(shop.rows("exchange_rates"), names)
    expected = []
    for day, currency, _ in stored:
        expected.append((day, currency, published.get((day, currency))))
    yield same_rows("exchange_rates", expected, stored)
    names = [(file.name,) for file in shop.company.shown.files]
    # A settlement has payments, and no orders.
    files = [
        row for row in shop.rows("loaded_files") if "settlement" not in row["file"]
    ]
    stored = cells(files, ["file"])
    yield same_rows("loaded_files", names, stored)
    rejected = set()
    for row in shop.rows("rejected_rows"):
        key = (row["order_id"], row["file"], row["detail"], row["raw"])
        rejected.add((row["source"], row["reason"], key))
    stored = [(source, reason) for source, reason, _ in rejected]
    yield same_rows("rejected_rows", oracle.rejected.elements(), stored)
    runs = set()
    for row in shop.rows("load_audit"):
        if row["status"] == "success" and row["source"] in live_sources():
            runs.add((row["business_date"], row["source"]))
    expected = {(day, source) for day in shop.days for source in live_sources()}
    today = shop.days[-1] + timedelta(days=1)
    expected.add((today, STOREFRONT))
    yield same_rows("load_audit", expected, runs)
    months = len(shop.rows("sales_targets"))
    yield Check("sales_targets has the report's", "True", str(months > 0))
    for table, number in {"load_lock": 1, "warehouse_settings": 3}.items():
        yield Check(f"rows of {table}", str(number), str(len(shop.rows(table))))
    copies = connect(step="rehearsal").query("warehouse/procedures/copies/find.sql")
    yield Check("tables with rows stored twice", "[]", str(copies))


def cells(rows, names):
    """Return the values of some columns of each row."""
    return [tuple(row[name] for name in names) for row in rows]


def same_rows(table, expected, found):
    """Return the check that the same rows are expected and found, each as often."""
    expected = Counter(expected)
    found = Counter(found)
    lines = [f"missing: {row}" for row in (expected - found).elements()]
    lines += [f"too much: {row}" for row in (found - expected).elements()]
    text = f"{expected.total()} rows of the oracle"
    return Check(table, text, "\n".join(lines) or text)


def words(texts, nothing=NOTHING):
    """Return texts as one, or `nothing` where there are none."""
    return "; ".join(texts) or nothing


STEPS = (
    new_warehouse,
    company_days,
    views,
    documented_queries,
    report,
    hourly_sync,
    reconciliation,
    month_of_history,
    forecast,
    undone_history,
    web_events,
    catalogue,
    staging_in_a_bucket,
    killed_load,
    forgotten_customer,
    two_runs_at_once,
    other_tables,
    older_schema,
    pairs_of_loads,
)
"""All steps. The tables of sales are the oracle's up to `other_tables`; `older_schema` empties columns."""
