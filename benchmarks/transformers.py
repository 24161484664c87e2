"""The programs that `benchmarks.transform` compares: `python -m benchmarks.transformers limit sales_db 9999`.

Imports are not timed. The raw day and what the pipeline made of it are kept under `.bench/transform`.
"""

import hashlib
import hmac
import os
import shutil
import sys
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.runner import REPOSITORY, RESULTS, measured

KEY = "benchmark-key-benchmark-key"
TIMEZONE = "America/New_York"
READ_AT = datetime(
    2026,
    11,
    20,
    11,
    tzinfo=UTC,
)
SALES = [
    "processing",
    "completed",
    "shipped",
    "delivered",
    "refunded",
    "partially_refunded",
]
RAW_FILES = {
    "sales_db": (
        "orders",
        "order_items",
        "refunds",
        "products",
        "customers",
        "removed_orders",
        "unread_orders",
        "rejects",
    ),
    "partner_files": ("lines", "files", "removed_orders", "known_orders", "rejects"),
}
FROM_ORDER = [
    "business_date",
    "currency",
    "status",
    "is_sale",
    "is_test",
    "customer_hash",
    "country_code",
]
FROM_ORDER += ["ordered_at", "updated_at", "read_at"]


def make_day(source: str, folder: Path, lines: int) -> None:
    """The raw files, and once what the pipeline makes of them: the input of the limit."""
    import duckdb

    there = all(
        (folder / "raw" / f"{name}.parquet").exists() for name in RAW_FILES[source]
    )
    if there and (folder / "loadable").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "raw").mkdir(parents=True)
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.execute("SET VARIABLE lines = ?", [lines])
        duck.execute((REPOSITORY / "benchmarks" / "transform_day.sql").read_text())
        for name in RAW_FILES[source]:
            file = f"{folder}/raw/{name}.parquet"
            duck.execute(
                f"COPY (FROM {name}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
            )
    done = _transform(_publish(source, folder))
    shutil.copytree(done.uri.removeprefix("file://"), folder / "loadable")


def limit(source: str, folder: Path) -> None:
    """Read every column of the loadable files and write it again, as DuckDB compresses by default."""
    _import_pipeline()
    from ecommerce.storage.duckdb import connect_duckdb
    from ecommerce.transform.database import MEMORY_LIMIT

    target = _target(folder)
    with measured(), connect_duckdb(memory_limit=MEMORY_LIMIT) as duck:
        for file in (folder / "loadable").glob("*.parquet"):
            duck.execute(
                f"COPY (FROM '{file}') TO '{target}/{file.name}' "
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440)"
            )


def pipeline(source: str, folder: Path) -> None:
    """The transform itself, checksums and accounting included."""
    manifest = _publish(source, folder)
    with measured() as facts:
        totals = _transform(manifest).control_totals
        facts |= {
            "amount": f"{float(totals['amount']):.2f}",
            "orders": totals["orders"],
        }
        facts |= {
            "rejected": totals["rejected"],
            "superseded": totals["rows_superseded"],
        }


def duckdb_checks(source: str, folder: Path) -> None:
    """The same checks as the pipeline, by DuckDB under the same memory limit: see same_checks.sql."""
    _import_pipeline()
    from ecommerce.storage.duckdb import connect_duckdb
    from ecommerce.transform.database import MEMORY_LIMIT, padded_keys

    inner_key, outer_key = padded_keys(KEY.encode())
    variables = {
        "raw": str(folder / "raw"),
        "target": str(_target(folder)),
        "read_at": READ_AT,
        "shop_timezone": TIMEZONE,
        "inner_key": inner_key,
        "outer_key": outer_key,
    }
    sql = (REPOSITORY / "benchmarks" / "same_checks.sql").read_text()
    with measured() as facts, connect_duckdb(memory_limit=MEMORY_LIMIT) as duck:
        for name, value in variables.items():
            duck.execute(f"SET VARIABLE {name} = ?", [value])
        [[amount, orders, rejected]] = duck.execute(sql).fetchall()
        facts["amount"] = f"{float(amount):.2f}"
        facts |= {"orders": orders, "rejected": rejected}


def polars_checks(source: str, folder: Path) -> None:
    """The same checks as the pipeline, by Polars: see same_checks_polars.py."""
    from benchmarks.same_checks_polars import transform

    target = _target(folder)
    with measured() as facts:
        totals = transform(
            folder / "raw",
            target,
            timezone=TIMEZONE,
            read_at=READ_AT,
            hash_address=_hash,
        )
        facts["amount"] = f"{float(totals['amount']):.2f}"
        facts |= {"orders": totals["orders"], "rejected": totals["rejected"]}


def polars(source: str, folder: Path) -> None:
    """Lazy and streaming, exact decimals."""
    import polars as pl

    raw, target = folder / "raw", _target(folder)
    with measured() as facts:
        money = pl.Decimal(18, 4)
        customers = pl.read_parquet(
            raw / "customers.parquet", columns=["customer_id", "email"]
        )
        customers = customers.with_columns(
            customer_hash=pl.col("email").map_elements(_hash, return_dtype=pl.String)
        )
        lines = (
            pl.scan_parquet(raw / "order_items.parquet")
            .filter((pl.col("quantity") > 0) & (pl.col("unit_price") >= 0))
            .unique(["order_id", "line_number"], keep="last")
            .with_columns(
                gross_amount=(
                    pl.col("unit_price") * pl.col("quantity").cast(money)
                ).cast(money)
            )
            .with_columns(
                amount_after_discount=pl.col("gross_amount") - pl.col("discount_amount")
            )
        )
        sums = lines.group_by("order_id").agg(
            pl.len().alias("item_count"),
            pl.col("gross_amount", "discount_amount", "tax_amount").sum(),
        )
        orders = (
            pl.scan_parquet(raw / "orders.parquet")
            .unique("order_id", keep="last")
            .join(sums, on="order_id", how="left")
            .join(customers.lazy().drop("email"), on="customer_id", how="left")
            .with_columns(
                source=pl.lit(source),
                business_date=pl.col("ordered_at")
                .dt.convert_time_zone(TIMEZONE)
                .dt.date(),
                is_sale=pl.col("status").is_in(SALES),
                country_code=pl.col("shipping_country"),
                fee_amount=pl.lit(0).cast(money),
                read_at=pl.lit(READ_AT),
                run_id=pl.lit("benchmark"),
            )
            .drop("customer_id", "shipping_country")
        )
        orders.sink_parquet(target / "orders.parquet", compression="zstd")
        headers = pl.scan_parquet(target / "orders.parquet").select(
            "order_id",
            "run_id",
            "source",
            *FROM_ORDER,
        )
        products = pl.scan_parquet(raw / "products.parquet").select(
            "sku", "category", product_name="name"
        )
        lines = lines.join(products, on="sku", how="left").join(headers, on="order_id")
        lines.sink_parquet(target / "order_lines.parquet", compression="zstd")
        written = (
            pl.scan_parquet(target / "order_lines.parquet")
            .select(pl.col("gross_amount").sum())
            .collect()
        )
        facts["amount"] = f"{float(written.item()):.2f}"


def pandas(source: str, folder: Path) -> None:
    """In memory, amounts as floats."""
    import pandas as pd

    raw, target = folder / "raw", _target(folder)
    with measured() as facts:
        names = ("orders", "order_items", "customers", "products")
        frames = pandas_frames(
            {name: pd.read_parquet(raw / f"{name}.parquet") for name in names}, source
        )
        for name, frame in frames.items():
            frame.to_parquet(target / f"{name}.parquet", compression="zstd")
        facts["amount"] = f"{frames['order_lines'].gross_amount.sum():.2f}"


def pandas_frames(raw: dict[str, Any], source: str) -> dict[str, Any]:
    """The loadable orders and lines from the raw DataFrames, amounts as floats."""
    customers = raw["customers"][["customer_id", "email"]].copy()
    customers["customer_hash"] = customers.pop("email").map(_hash)
    lines = raw["order_items"]
    amounts = ["unit_price", "discount_amount", "tax_amount"]
    lines[amounts] = lines[amounts].astype("float64")
    lines = lines[(lines.quantity > 0) & (lines.unit_price >= 0)]
    lines = lines.drop_duplicates(["order_id", "line_number"], keep="last")
    lines["gross_amount"] = lines.quantity * lines.unit_price
    lines["amount_after_discount"] = lines.gross_amount - lines.discount_amount
    sums = lines.groupby("order_id").agg(
        item_count=("order_id", "size"),
        gross_amount=("gross_amount", "sum"),
        discount_amount=("discount_amount", "sum"),
        tax_amount=("tax_amount", "sum"),
    )
    orders = raw["orders"].drop_duplicates("order_id", keep="last")
    orders = orders.merge(sums, on="order_id", how="left").merge(
        customers, on="customer_id", how="left"
    )
    orders = orders.rename(columns={"shipping_country": "country_code"}).drop(
        columns="customer_id"
    )
    orders["business_date"] = orders.ordered_at.dt.tz_convert(TIMEZONE).dt.date
    orders["is_sale"] = orders.status.isin(SALES)
    orders = orders.assign(
        source=source,
        fee_amount=0.0,
        read_at=READ_AT,
        run_id="benchmark",
    )
    products = raw["products"][["sku", "name", "category"]].rename(
        columns={"name": "product_name"}
    )
    lines = lines.merge(products, on="sku", how="left")
    lines = lines.merge(
        orders[
            [
                "order_id",
                "run_id",
                "source",
                *FROM_ORDER,
            ]
        ],
        on="order_id",
    )
    return {"orders": orders, "order_lines": lines}


def _hash(email: str) -> str:
    return hmac.new(
        KEY.encode(), email.strip().lower().encode(), hashlib.sha256
    ).hexdigest()


def _target(folder: Path) -> Path:
    target = folder / "copy"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    return target


def _import_pipeline() -> None:
    os.environ |= {"CUSTOMER_HASH_KEY": KEY, "SHOP_TIMEZONE": TIMEZONE}
    os.environ.setdefault("AIRFLOW_HOME", str(RESULTS / "airflow"))
    sys.path.insert(0, str(REPOSITORY / "plugins"))
    for module in ("duckdb", "numpy", "ecommerce.sales.transform"):
        import_module(module)


def _publish(source: str, folder: Path) -> Any:
    """A run's raw staging folder with the day's files; the transform removes it."""
    _import_pipeline()
    from ecommerce.storage import staging

    uri = f"file://{folder}/run/{source}"
    with staging.publish(uri) as draft:
        for file in (folder / "raw").iterdir():
            os.link(file, draft.path / file.name)
        draft.seal(
            source=source,
            business_date=date(2026, 11, 19),
            rows=0,
            columns={},
            control_totals={"source_amounts": []},
            read_at=READ_AT,
            window_start=READ_AT,
            window_end=READ_AT,
        )
    return staging.read_manifest(uri)


def _transform(manifest: Any) -> Any:
    from ecommerce.sales.transform import transform

    return transform(manifest, run_id="benchmark")


if __name__ == "__main__":
    name, day, size = sys.argv[1:]
    place = RESULTS / "transform" / f"{day}_{size}"
    if name == "make_day":
        make_day(day, place, int(size))
    else:
        {
            "limit": limit,
            "pipeline": pipeline,
            "duckdb_checks": duckdb_checks,
            "polars_checks": polars_checks,
            "polars": polars,
            "pandas": pandas,
        }[name](day, place)
