"""Two domains in one warehouse, each with tables, checks and audit rows of its own; and an added source."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.services.emulator import Emulator
from ecommerce.core.errors import CheckFailed, ContractError
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.quality import Provenance
from ecommerce.sales.report.queries import read_figures
from ecommerce.sources import SOURCES
from ecommerce.storage import staging
from ecommerce.warehouse import rendering
from ecommerce.warehouse.checks import CheckResult, run_checks
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.load import LoadResult, _load_staged, load
from ecommerce.warehouse.schema import arrow_type
from ecommerce.warehouse.spec import LoadSpec
from ecommerce.warehouse.staging_tables import HISTORY, staged_columns
from tests.integration.conftest import LendDataset
from tests.integration.warehouse.conftest import MONDAY, Shop, open_shop
from tests.integration.warehouse.loadable import Folder, Order, Row, at

pytestmark = pytest.mark.slow

TUESDAY, FRIDAY = date(2026, 3, 3), date(2026, 3, 6)
ORDER = Order("1", at("2026-03-02 15:00"))
STOCK = LoadSpec(
    name="stock",
    sources=("shelves",),
    files=("stock_levels", "rejected_rows"),
    tables=("stock_levels", "rejected_rows", "load_audit"),
    counted="stock_levels",
    looked_up=("counted_days",),
)
"""A made-up domain: how many pieces of each product lie on the shelves."""

STOCK_SQL = {
    "tables/stock_levels/table.sql": """\
CREATE TABLE IF NOT EXISTS {{ table("stock_levels") }} (
    business_date DATE NOT NULL OPTIONS (description = "Day of the count."),
    source STRING NOT NULL OPTIONS (description = "Who counted."),
    sku STRING NOT NULL OPTIONS (description = "Product counted."),
    pieces INT64 NOT NULL OPTIONS (description = "How many there are.")
)
PARTITION BY business_date
OPTIONS (
    description = "Pieces on the shelves.",
    require_partition_filter = TRUE
);
""",
    "tables/stock_levels/checks.sql": """\
{% from "warehouse/macros/check.sql" import check %}
{% call check(
    "stock_levels: no product is there less than not at all",
    "error",
    "{product is|products are} there less than not at all",
    "the shelves were counted wrongly",
) %}
SELECT sku AS sample
FROM {{ table("stock_levels") }}
WHERE
    {{ days("business_date") }}
    AND pieces < 0
{% endcall %};
""",
    "loads/stock/staged_totals.sql": """\
{% from "warehouse/macros/lock.sql" import lock_token with context %}
SELECT
    'stock_levels' AS name,
    source,
    COUNT(*) AS entries,
    COUNT(DISTINCT sku) AS different_keys,
    NUMERIC '0' AS amount
FROM {{ staged("stock_levels") }}
GROUP BY source
UNION ALL
{{ lock_token() }};
""",
    "loads/stock/find_changes.sql": """\
CREATE OR REPLACE TABLE {{ staged("counted_days") }} AS
SELECT {{ business_date }} AS business_date;

SELECT business_date
FROM {{ staged("counted_days") }};
""",
    "loads/stock/loaded_totals.sql": """\
SELECT
    source,
    COUNT(*) AS orders,
    NUMERIC '0' AS amount
FROM {{ staged("stock_levels") }}
GROUP BY source
""",
    "loads/stock/script.sql": """\
BEGIN TRANSACTION;

{% include "warehouse/loads/lock.sql" %}

DELETE FROM {{ table("stock_levels") }} AS stored
WHERE {{ days("stored.business_date") }};

INSERT INTO {{ table("stock_levels") }} (business_date, source, sku, pieces)
SELECT business_date, source, sku, pieces
FROM {{ staged("stock_levels") }};

{% include "warehouse/tables/rejected_rows/load.sql" %}

{% include "warehouse/tables/load_audit/load.sql" %}

COMMIT TRANSACTION;

{% include "warehouse/loads/result.sql" %}
""",
    "loads/stock/row_counts.sql": """\
SELECT 'stock_levels' AS name, COUNT(*) AS entries FROM {{ staged("stock_levels") }}
""",
}


@pytest.fixture(scope="module")
def stock_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """include/sql with the files of the made-up domain."""
    root = tmp_path_factory.mktemp("include") / "sql"
    shutil.copytree(rendering.SQL_ROOT, root)
    for name, text in STOCK_SQL.items():
        path = root / "warehouse" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def with_stock(stock_files: Path) -> Iterator[None]:
    """The made-up domain is there; in other tests nobody knows it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "SQL_ROOT", stock_files)
        forget_files()
        yield
    forget_files()


def forget_files() -> None:
    for cached in ("tables", "staging_only_tables", "columns"):
        getattr(rendering, cached).cache_clear()


@pytest.fixture
def store(
    with_stock: None,
    bigquery_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    lend_dataset: LendDataset,
) -> Iterator[Shop]:
    """A warehouse of both domains."""
    with lend_dataset("store") as dataset:
        yield open_shop(bigquery_emulator, monkeypatch, tmp_path, dataset)


def count(
    shop: Shop,
    levels: dict[str, int],
    day: date = MONDAY,
    run_id: str = "run",
    **options: Any,
) -> LoadResult:
    """Load a count of the shelves; one record is rejected."""
    tables: dict[str, list[Row]] = {
        "stock_levels": [
            {"business_date": day, "source": "shelves", "sku": sku, "pieces": pieces}
            for sku, pieces in levels.items()
        ],
        "rejected_rows": [
            {
                "business_date": day,
                "source": "shelves",
                "run_id": run_id,
                "row_number": 1,
                "reason": "unreadable",
            }
        ],
    }
    read_at = at(f"{day + timedelta(days=1)} 11:00")
    uri = f"file://{shop.folder}/{day}/{run_id}/{sorted(levels.items())!r}/shelves"
    with staging.publish(uri) as draft:
        columns = {}
        for name, rows in tables.items():
            schema = pa.schema(
                [(each.name, arrow_type(each)) for each in staged_columns(STOCK, name)]
            )
            pq.write_table(
                pa.Table.from_pylist(rows, schema=schema),
                draft.path / f"{name}.parquet",
            )
            columns[f"{name}.parquet"] = schema.names
        totals = {
            "rows_read": len(levels) + 1,
            "rows_accepted": len(levels),
            "rows_rejected": 1,
        }
        draft.seal(
            source="shelves",
            business_date=day,
            rows=len(levels),
            columns=columns,
            read_at=read_at,
            window_start=read_at - timedelta(days=1),
            window_end=read_at,
            control_totals=totals | {"rows_superseded": 0, "stock_levels": len(levels)},
        )
    options = {"spec": STOCK, "warehouse": shop.warehouse} | options
    manifest = staging.read_manifest(uri)
    return load([manifest], business_date=day, run_id=run_id, dag_id="stock", **options)


def check(shop: Shop, spec: LoadSpec, run_id: str = "run") -> list[CheckResult]:
    return run_checks(
        [MONDAY],
        spec=spec,
        business_date=MONDAY,
        run_id=run_id,
        warehouse=shop.warehouse,
    )


def report(shop: Shop, day: date = MONDAY, run_id: str = "run") -> Figures:
    now = datetime.now(UTC)
    origin = Provenance(
        dag_id="daily",
        run_id=run_id,
        code_version="test",
        timezone="America/New_York",
        window_start=now,
        window_end=now,
        generated_at=now,
    )
    return read_figures(shop.warehouse, day, origin)


def test_another_domain_is_loaded_by_the_same_machinery(store: Shop):
    result = count(store, {"toys-1": 4, "toys-2": 0})

    assert (result.touched_days, result.rows, result.restatements) == (
        [MONDAY],
        {"stock_levels": 2},
        [],
    )
    assert [
        (row["source"], row["status"], row["rows_read"], row["orders_loaded"])
        for row in result.audit
    ] == [("shelves", "success", 3, 2)]
    again = count(store, {"toys-1": 3})
    assert again.audit == store.rows("load_audit")
    assert store.by("stock_levels", "sku", "pieces") == {"toys-1": 3}
    assert [row["reason"] for row in store.rows("rejected_rows")] == ["unreadable"]
    assert [each.check_name.partition(":")[0] for each in check(store, STOCK)] == [
        "load_audit"
    ] * 6 + ["stock_levels"]


def test_another_domains_load_is_all_or_nothing(
    store: Shop, monkeypatch: pytest.MonkeyPatch
):
    count(store, {"toys-1": 4}, run_id="before")
    tables = ("stock_levels", "load_audit", "rejected_rows")
    before = store.state(tables)
    run = Warehouse.run

    def crashing(self: Warehouse, sql: str, *arguments: Any, **options: Any) -> Any:
        return run(
            self,
            sql.replace("COMMIT", "SELECT ERROR('crash'); COMMIT"),
            *arguments,
            **options,
        )

    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "run", crashing)
        with pytest.raises(ContractError, match="crash"):
            count(store, {"toys-1": 5})
    assert store.state(tables) == before


def test_a_failed_check_of_one_domain_does_not_stop_another(store: Shop):
    """Fault B."""
    store.load(Folder([ORDER]))
    count(store, {"toys-1": -1})

    said = "1 product is there less than not at all: the shelves were counted wrongly (for example toys-1)"
    with pytest.raises(CheckFailed, match=re.escape(said)):
        check(store, STOCK)
    assert [each.check_name for each in check(store, ORDERS) if each.failing_rows] == []


def test_a_check_of_the_audit_regards_its_own_domain(store: Shop):
    """Fault B: DAGs of one schedule may have runs of one name."""
    store.load(Folder([ORDER]))
    count(store, {"toys-1": 1})
    of_stock = f"business_date = '{MONDAY}' AND source = 'shelves'"
    store.warehouse.run(
        f"UPDATE `store.load_audit` SET rows_read = 99 WHERE {of_stock}", "spoil"
    )

    assert [each.check_name for each in check(store, ORDERS) if each.failing_rows] == []
    with pytest.raises(CheckFailed, match="neither loaded nor rejected nor replaced"):
        check(store, STOCK)


def test_runs_of_one_name_keep_their_audit_and_rejected_rows(store: Shop):
    store.load(Folder([ORDER], rejected=[{"reason": "missing_value"}]))
    count(store, {"toys-1": 1})
    result = store.load(Folder([ORDER], rejected=[{"reason": "missing_value"}]))

    assert [row["source"] for row in result.audit] == ["sales_db"]
    assert [row["source"] for row in store.rows("load_audit")] == [
        "sales_db",
        "shelves",
    ]
    assert sorted(row["source"] for row in store.rows("rejected_rows")) == [
        "sales_db",
        "shelves",
    ]


def test_a_load_of_another_domain_in_between_repeats_the_look_ups(
    store: Shop, monkeypatch: pytest.MonkeyPatch
):
    run, looked_up = Warehouse.run, []

    def interfering(
        self: Warehouse, sql: str, what: str, *arguments: Any, **options: Any
    ) -> Any:
        rows = run(self, sql, what, *arguments, **options)
        if what == "look up touched days":
            looked_up.append(self.labels["dag"])
            if len(looked_up) == 1:
                count(store, {"toys-1": 1}, run_id="meanwhile")
        return rows

    monkeypatch.setattr(Warehouse, "run", interfering)
    monkeypatch.setattr(_load_staged.retry, "sleep", lambda _: None)
    store.load(Folder([ORDER]))

    assert len(looked_up) == 3
    assert [row["source"] for row in store.rows("load_audit")] == [
        "sales_db",
        "shelves",
    ]


def audit_row(
    shop: Shop,
    source: str,
    day: date = MONDAY,
    status: str = "success",
    run_id: str = "run",
) -> None:
    """An audit row as any domain's load writes it, and a rejected row."""
    dataset = shop.warehouse.settings.bigquery_dataset
    key = f"DATE '{day}', '{source}', '{run_id}'"
    shop.warehouse.run(
        f"INSERT INTO `{dataset}.load_audit` (business_date, source, run_id, read_at, status) "
        f"VALUES ({key}, TIMESTAMP '{day + timedelta(days=1)} 11:00:00+00', '{status}'); "
        f"INSERT INTO `{dataset}.rejected_rows` (business_date, source, run_id, row_number, reason) "
        f"VALUES ({key}, 1, 'of {source}')",
        "audit",
    )


def test_audit_rows_of_another_domain_are_not_in_the_sales_report(shop: Shop):
    """Fault C; exports under names of their own are sales."""
    for source in ("web_events", "forecast"):
        audit_row(shop, source)
    audit_row(shop, "old_shop", status=HISTORY)
    shop.load(*(Folder(source=source) for source in SOURCES))

    quality = report(shop).quality

    assert {each.source for each in quality.sources} == {*SOURCES, "old_shop"}
    assert [each.reason for each in quality.rejects] == ["of old_shop"]


def test_a_run_of_another_domain_makes_no_day_of_sales(shop: Shop):
    """Fault C: Tuesday had one order, which is removed, and no run but that of the events."""
    audit_row(shop, "web_events", day=TUESDAY, run_id="events")
    bought = replace(ORDER, ordered_at=at("2026-03-03 15:00"))
    shop.load(Folder([bought]))
    assert shop.by("daily_summary", "business_date", "orders") == {
        MONDAY: 0,
        TUESDAY: 1,
    }

    shop.load(Folder(removed=["1"], read_at=at("2026-03-04 11:00")), run_id="next")

    assert shop.by("daily_summary", "business_date", "orders") == {MONDAY: 0}


LARGER = replace(ORDERS, sources=(*SOURCES, "marketplace"))
"""Sales after somebody has added a source."""


def run_of(
    shop: Shop,
    day: date,
    *folders: Folder,
    spec: LoadSpec = ORDERS,
    missing: tuple[str, ...] = (),
) -> None:
    """The daily run of `day`: every source has an audit row, whatever its status."""
    read_at = at(f"{day + timedelta(days=1)} 11:00")
    brought = {each.source: each for each in folders}
    read = [
        brought.get(name, Folder(source=name))
        for name in spec.sources
        if name not in missing
    ]
    each_read = [replace(folder, read_at=read_at) for folder in read]
    shop.load(
        *each_read, day=day, run_id=f"run of {day}", spec=spec, missing_sources=missing
    )


def complete(shop: Shop) -> dict[date, Any]:
    """What each day lacks."""
    return {
        row["business_date"]: row["missing_sources"]
        for row in shop.rows("daily_summary")
    }


CHANGED = Folder([replace(ORDER, lines=[("Toys", "1", "12.00")])])


def test_an_added_source_is_not_missing_from_the_days_before(shop: Shop):
    """Fault D."""
    run_of(shop, MONDAY, Folder([ORDER]))

    run_of(shop, TUESDAY, CHANGED, spec=LARGER, missing=("marketplace",))

    assert shop.by("daily_summary", "business_date", "gross_sales")[MONDAY] == Decimal(
        12
    ), "recomputed"
    assert complete(shop) == {MONDAY: [], TUESDAY: ["marketplace"]}


def test_an_added_source_that_no_run_has_read_yet_is_not_missing_either(shop: Shop):
    """Fault D: the hourly run after the deployment comes before the first daily one."""
    run_of(shop, MONDAY, Folder([ORDER]))

    hourly = replace(CHANGED, read_at=at("2026-03-03 18:00"))
    shop.load(hourly, day=TUESDAY, run_id="hourly", spec=LARGER)

    assert complete(shop) == {MONDAY: [], TUESDAY: sorted(LARGER.sources)}


def test_days_before_an_added_source_have_had_their_daily_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    """Fault D: the report names days without a run, and the command that fills them."""
    for day in (MONDAY, TUESDAY):
        run_of(shop, day)
    run_of(shop, FRIDAY, spec=LARGER)
    monkeypatch.setattr("ecommerce.sales.report.queries.ORDERS", LARGER)

    assert report(shop, FRIDAY).quality.missing_days == [
        date(2026, 3, 4),
        date(2026, 3, 5),
    ]


def test_a_source_that_fails_on_the_very_first_day_is_missing_from_it(shop: Shop):
    run_of(shop, MONDAY, Folder([ORDER]), missing=("storefront",))
    assert complete(shop) == {MONDAY: ["storefront"]}

    run_of(shop, TUESDAY, CHANGED)
    assert complete(shop) == {MONDAY: ["storefront"], TUESDAY: []}


def test_a_day_that_no_run_was_for_lacks_every_source(shop: Shop):
    earlier = replace(ORDER, ordered_at=at("2026-02-20 15:00"))
    run_of(shop, MONDAY, Folder([earlier]))

    assert complete(shop) == {date(2026, 2, 20): sorted(SOURCES), MONDAY: []}
