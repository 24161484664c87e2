"""A forgotten customer is in no table, staged file or report, does not come back, and no figure changes."""

import json
from dataclasses import replace

import pytest

from ecommerce.cli import __main__ as command_line
from ecommerce.sales import erasure
from ecommerce.sales.days import rejected_rows
from ecommerce.sales.days.rejected_rows import LONGEST_ID
from ecommerce.sales.periods.archive import FOLDERS
from ecommerce.warehouse.rendering import views
from tests.integration.warehouse.conftest import MONDAY, STATE
from tests.integration.warehouse.loadable import Folder, at, read_folders
from tests.integration.warehouse.web_events import STATE as EVENT_TABLES
from tests.integration.warehouse.web_events import Website

NOON = at("2026-03-02 17:00")
MORNING = at("2026-03-03 11:00")
ADDRESS = "ann@example.com"
ANN = erasure.customer_hash(ADDRESS, "0123456789abcdef")
FIGURES = ("daily_sales", "daily_summary", "sessions", "daily_funnel", "daily_events")
[KNOWN] = read_folders("erasure.yaml")["known"]
OF_ANN, OF_BOB = KNOWN.orders
LONG = f"{'4' * LONGEST_ID}-2026"
"""An order number of which reports show the beginning."""


@pytest.fixture
def known(shop, monkeypatch, tmp_path, no_env_file):
    """Ann and Bob have bought, refunded, and been seen on the website; there are staged files and reports."""
    for name in ("STAGING_URI", "REPORTS_URI"):
        monkeypatch.setenv(name, f"file://{tmp_path}/{name}")
    shop.load(KNOWN)
    browse(
        shop,
        "run",
        "1",
        "2",
    )
    figures = {
        "2026-03-01": {"checks": ["1 order without lines (for example sales_db 1)"]},
        "2026-03-02": {"reasons": ["Ann findet es zu groß"]},
        "2026-03-03": {"orders": 10, "reasons": ["too small"]},
        "2026-03-05": {"checks": ["discount (for example sales_db order 1 line 2)"]},
        "2026-03-06": {"checks": ["shipping (for example sales_db order 1: -7.00)"]},
        "weeks/2026-03-02": {"reasons": ["too small"]},
        # Of processes that were killed while they replaced a report.
        ".2026-03-02.0a1b.partial": {"reasons": ["Ann findet es zu groß"]},
        "..2026-03-02.0a1b.partial.replaced": {"reasons": ["Ann findet es zu groß"]},
        "weeks/.2026-03-09.0a1b.partial": {"reasons": ["Ann findet es zu groß"]},
        ".2026-03-03.0a1b.partial": {"reasons": ["too small"]},
    }
    for folder in FOLDERS:
        key = folder.replace("*", "0a1b")
        figures[f"{key}/2026-03-09"] = {"reasons": ["Ann findet es zu groß"]}
    for day, content in figures.items():
        report = tmp_path / "REPORTS_URI" / day
        report.mkdir(parents=True)
        figures_json = json.dumps(content, ensure_ascii=False)
        (report / "figures.json").write_text(figures_json, encoding="utf-8")
    unfinished = tmp_path / "REPORTS_URI" / "2026-03-04"
    unfinished.mkdir()
    (unfinished / "report.pdf").touch()
    staged = tmp_path / "STAGING_URI" / "daily" / ".storefront.partial"
    staged.mkdir(parents=True)
    (staged / "page.json").write_text(ADDRESS)
    return shop


def browse(shop, run_id, *orders):
    """Load the website's purchases of these orders."""
    website = Website(shop)
    for order_id in orders:
        website.add(
            f"event {order_id}",
            NOON,
            "purchase",
            order_id=order_id,
        )
    website.runs = len(run_id)
    website.run(MONDAY, MORNING, run_id=run_id)


def texts(shop):
    """By table: what its rows hold about customers, by order."""
    columns = {
        "orders": ("order_id", "customer_hash"),
        "order_lines": ("order_id", "customer_hash"),
        "refunds": ("order_id", "reason"),
        "rejected_rows": ("order_id", "raw"),
        "user_events": ("event_id", "order_id"),
        "customers": ("customer_hash", "country_code"),
    }
    return {table: shop.by(table, *names) for table, names in columns.items()}


def named(shop):
    """The views that name Ann."""
    return {view for view in views() if ANN in repr(shop.rows(view))}


@pytest.fixture
def command(typed, capsys):
    def forget(text):
        typed(text)
        code = command_line.main(["forget-customer"])
        output = capsys.readouterr()
        return code, output.out + output.err

    return forget


def test_what_is_known_of_a_customer_is_cleared_and_no_figure_changes(
    known, command, tmp_path
):
    code, output = command("\n")
    assert code == 1
    assert output == "no e-mail address on standard input: nothing was removed\n"
    long = replace(OF_ANN, order_id=LONG, refunds=[])
    known.load(Folder([long], read_at=MORNING), run_id="long")
    sample = rejected_rows.sample_of(
        {"source": "sales_db", "reason": "malformed_line", "order_id": LONG}
    )
    archive = tmp_path / "REPORTS_URI"
    (archive / "2026-03-08").mkdir()
    figures_json = archive / "2026-03-08" / "figures.json"
    figures_json.write_text(sample.model_dump_json(), encoding="utf-8")
    before = known.state((*STATE, *EVENT_TABLES))
    assert named(known) >= {"orders_reporting", "customer_orders", "customer_value"}
    net_sales = known.by("orders_reporting", "order_id", "net_sales")

    code, output = command(f"  {ADDRESS.upper()}\n")
    assert code == 0
    assert ADDRESS not in output.lower()
    for table in ("customers", "refunds", "user_events"):
        assert f"rows of {table}: 1" in output
    for table in ("orders", "order_lines", "rejected_rows"):
        assert f"rows of {table}: 2" in output

    assert texts(known) == {
        "orders": {"1": None, "2": "bob", LONG: None},
        "order_lines": {"1": None, "2": "bob", LONG: None},
        "refunds": {"1": None, "2": "too small"},
        "rejected_rows": {"1": None, "2": "Bob's line", "9": None},
        "user_events": {"event 1": None, "event 2": "2"},
        "customers": {"bob": "US"},
    }
    attributes = known.by("orders", "order_id", "attributes")
    assert attributes == {"1": None, "2": '{"gift":"for Bob"}', LONG: None}
    assert named(known) == set()
    assert known.by("orders_reporting", "order_id", "net_sales") == net_sales
    after = known.state((*STATE, *EVENT_TABLES))
    assert {name: after[name] for name in FIGURES} == {
        name: before[name] for name in FIGURES
    }
    kept = {str(each.parent.relative_to(archive)) for each in archive.rglob("*.json")}
    assert kept == {"2026-03-03", ".2026-03-03.0a1b.partial", "weeks/2026-03-02"}
    assert not (archive / "2026-03-04").exists()
    assert list((tmp_path / "STAGING_URI").iterdir()) == []
    token = known.one("load_lock", "token")
    assert erasure.forget(ADDRESS, known.warehouse) == {"staged folders": 0}
    assert known.one("load_lock", "token") != token, "loads that began earlier abort"


def test_no_load_brings_a_forgotten_customer_back(known):
    erasure.forget(ADDRESS, known.warehouse)
    later = at("2026-03-03 12:00")
    # The same orders and a new one; then a source that has erased the address names the customer otherwise.
    renamed = replace(OF_ANN, customer="no address")
    new = replace(
        OF_ANN,
        order_id="3",
        refunds=[("r3", NOON, "3.00")],
    )
    [line, *_] = KNOWN.rejected
    rejected = [line, line | {"order_id": "3"}]
    known.load(
        Folder(
            [OF_ANN, OF_BOB, new],
            read_at=later,
            rejected=rejected,
        )
    )
    browse(
        known,
        "again",
        "1",
        "2",
        "3",
    )
    expected = {
        "orders": {"1": None, "2": "bob", "3": None},
        "order_lines": {"1": None, "2": "bob", "3": None},
        "refunds": {"1": None, "2": "too small", "3": None},
        "user_events": {"event 1": None, "event 2": "2", "event 3": None},
        "customers": {"bob": "US"},
    }
    kept = texts(known)
    assert set(kept.pop("rejected_rows").values()) == {None}
    assert kept == expected

    listed = [
        {"customer_hash": name, "country_code": "US", "updated_at": NOON}
        for name in (ANN, "no address")
    ]
    read = Folder(
        [renamed],
        customers=listed,
        read_at="2026-03-03 13:00",
    )
    known.load(read, run_id="renamed")
    unnamed = replace(OF_ANN, customer=None)
    known.load(Folder([unnamed], read_at="2026-03-03 14:00"), run_id="unnamed")
    alone = Folder([replace(OF_ANN, order_id="4")], read_at="2026-03-03 15:00")
    known.load(alone, run_id="alone")
    kept = texts(known)
    assert kept["orders"] == expected["orders"] | {"4": None}
    assert kept["customers"] == expected["customers"]
    assert named(known) == set()
    attributes = known.by("orders", "order_id", "attributes")
    assert attributes == {"2": '{"gift":"for Bob"}'} | dict.fromkeys("134")
    summary = known.one(
        "daily_summary",
        "orders",
        "customers",
        "returns",
    )
    assert summary == {"orders": 4, "customers": 1, "returns": 12}
