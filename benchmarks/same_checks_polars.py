"""The checks of the pipeline in Polars, written for the sales database's layout alone.

Typed values with reasons, repeated orders and lines, rejected rows, hashes of customers, refunds and totals:
what same_checks.sql does in DuckDB. Lazy and streaming, exact decimals.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.transformers import SALES

MONEY = pl.Decimal(18, 4)
UNSAFE = r"[@%&\\[:cntrl:]]"
FIRST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
ORDER_ONLY = [
    "coupon_code",
    "item_count",
    "gross_amount",
    "discount_amount",
    "tax_amount",
    "shipping_amount",
    "fee_amount",
]


def transform(
    raw: Path,
    target: Path,
    *,
    timezone: str,
    read_at: datetime,
    hash_address: Callable[[str], str],
) -> dict[str, Any]:
    """Write the loadable files of `raw` into `target`, and return amount, orders and rejected (by reason)."""
    customers = hash_customers(raw, target, hash_address)
    lines = judge_lines(raw)
    valid_lines, repeated_lines = without_repeated_lines(lines)
    orders = judge_orders(raw, read_at)
    left_out_orders = find_left_out_orders(orders)
    sums = valid_lines.group_by("order_id").agg(
        pl.len().cast(pl.Int64).alias("item_count"),
        pl.col("gross_amount", "discount_amount", "tax_amount").sum(),
    )
    loadable_orders = (
        orders.join(left_out_orders.lazy(), on="row_number", how="anti")
        .join(sums, on="order_id", how="left")
        .join(customers.lazy(), on="customer_id", how="left")
        .select(
            "order_id",
            "is_test",
            "customer_hash",
            "coupon_code",
            "shipping_amount",
            "ordered_at",
            "updated_at",
            pl.lit("sales_db").alias("source"),
            pl.lit("sales_db").alias("channel"),
            pl.col("ordered_at")
            .dt.convert_time_zone(timezone)
            .dt.date()
            .alias("business_date"),
            pl.col("status").str.to_lowercase(),
            pl.col("status").is_in(SALES).alias("is_sale"),
            pl.col("currency").str.to_uppercase(),
            pl.col("shipping_country").str.to_uppercase().alias("country_code"),
            pl.col("item_count").fill_null(0),
            pl.col("gross_amount", "discount_amount", "tax_amount").fill_null(0),
            pl.lit(0).cast(MONEY).alias("fee_amount"),
            pl.lit(read_at).alias("read_at"),
            pl.lit("benchmark").alias("run_id"),
        )
    )
    loadable_orders.sink_parquet(target / "orders.parquet", compression="zstd")
    written_orders = pl.scan_parquet(target / "orders.parquet")
    products = pl.scan_parquet(raw / "products.parquet").select(
        "sku", "category", product_name="name"
    )
    loadable_lines = (
        valid_lines.join(written_orders.drop(ORDER_ONLY), on="order_id")
        .join(products, on="sku", how="left")
        .with_columns(
            pl.col("category").fill_null("uncategorised"),
            pl.col("quantity").cast(MONEY),
            pl.lit(None).cast(MONEY).alias("cost_amount"),
            amount_after_discount=pl.col("gross_amount") - pl.col("discount_amount"),
        )
        .drop("row_number", "fault")
    )
    loadable_lines.sink_parquet(target / "order_lines.parquet", compression="zstd")
    written_lines = pl.scan_parquet(target / "order_lines.parquet")

    write_refunds(raw, target, written_orders, written_lines)
    versions = written_orders.select("order_id", "read_at")
    versions.sink_parquet(target / "order_versions.parquet", compression="zstd")
    rejected = collect_rejected(
        lines, valid_lines, repeated_lines, left_out_orders, written_orders
    )
    rejected.write_parquet(target / "rejected_rows.parquet", compression="zstd")
    totals = (
        written_lines.group_by("currency").agg(pl.col("gross_amount").sum()).collect()
    )
    totals.write_parquet(target / "control_totals.parquet", compression="zstd")
    return {
        "amount": totals["gross_amount"].sum(),
        "orders": written_orders.select(pl.len()).collect().item(),
        "rejected": dict(rejected.group_by("reason").len().iter_rows()),
    }


def hash_customers(
    raw: Path, target: Path, hash_address: Callable[[str], str]
) -> pl.DataFrame:
    """Write the customers, and return their ids with hashes."""
    customers = pl.read_parquet(raw / "customers.parquet").with_columns(
        customer_hash=pl.col("email").map_elements(hash_address, return_dtype=pl.String)
    )
    loadable = customers.group_by("customer_hash").agg(
        pl.col("country_code").first(), pl.col("updated_at").max()
    )
    loadable.write_parquet(target / "customers.parquet", compression="zstd")
    return customers.select("customer_id", "customer_hash")


def first_fault(faults: Sequence[tuple[pl.Expr, str]]) -> pl.Expr:
    """Return the text of the first condition that is true."""
    return pl.coalesce(
        pl.when(condition).then(pl.lit(fault)) for condition, fault in faults
    )


def judge_lines(raw: Path) -> pl.LazyFrame:
    """Return all lines with the reason why each is invalid."""
    quantity = pl.col("quantity")
    price = pl.col("unit_price")
    limit = 100_000_000_000
    faults = [
        (pl.col("order_id").is_null(), "missing_value order_id"),
        (pl.col("line_number").is_null(), "missing_value line_number"),
        (pl.col("line_number") < 0, "invalid_number line_number"),
        (quantity.is_null(), "missing_value quantity"),
        (quantity >= 10_000_000, "too_many_digits quantity"),
        (quantity <= 0, "invalid_quantity quantity"),
        (price.is_null(), "missing_value unit_price"),
        (price.abs() >= 10_000_000_000, "too_many_digits unit_price"),
        (pl.col("discount_amount").abs() >= limit, "too_many_digits discount_amount"),
        (pl.col("tax_amount").abs() >= limit, "too_many_digits tax_amount"),
        (price < 0, "negative_price unit_price"),
        (pl.col("gross_amount") >= limit, "too_many_digits gross_amount"),
        (pl.col("sku").str.contains(UNSAFE), "unsafe sku"),
    ]
    return (
        pl.scan_parquet(raw / "order_items.parquet", row_index_name="row_number")
        .with_columns(gross_amount=(price * quantity.cast(MONEY)).cast(MONEY))
        .with_columns(fault=first_fault(faults))
    )


def without_repeated_lines(lines: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.DataFrame]:
    """Return the valid lines, of repeated ones the last, and the repeated ones with their last."""
    valid = lines.filter(pl.col("fault").is_null())
    repeated = (
        valid.group_by("order_id", "line_number")
        .agg(pl.len().alias("records"), pl.col("row_number").max().alias("newest"))
        .filter(pl.col("records") > 1)
        .drop("records")
        .collect(engine="streaming")
    )
    counted = (
        valid.join(repeated.lazy(), on=["order_id", "line_number"], how="left")
        .filter(pl.col("newest").is_null() | (pl.col("newest") == pl.col("row_number")))
        .drop("newest")
    )
    return counted, repeated


def judge_orders(raw: Path, read_at: datetime) -> pl.LazyFrame:
    """Return all orders with the reason why each is invalid."""
    order_id = pl.col("order_id")
    ordered_at = pl.col("ordered_at")
    currency = pl.col("currency").fill_null("")
    faults = [
        (order_id.fill_null("") == "", "missing_value order_id"),
        (ordered_at.is_null(), "missing_value ordered_at"),
        (
            ~ordered_at.is_between(FIRST_INSTANT, read_at + timedelta(days=1)),
            "timestamp_out_of_range ordered_at",
        ),
        (~currency.str.contains("^[A-Za-z]{3}$"), "invalid_currency currency"),
        (
            pl.col("shipping_amount").abs() >= 100_000_000_000,
            "too_many_digits shipping_amount",
        ),
        (order_id.str.contains(UNSAFE), "unsafe order_id"),
    ]
    orders = pl.scan_parquet(raw / "orders.parquet", row_index_name="row_number")
    return orders.with_columns(fault=first_fault(faults))


def find_left_out_orders(orders: pl.LazyFrame) -> pl.DataFrame:
    """Return the invalid orders, and of repeated ones all but the newest."""
    records = orders.select("order_id", "row_number", "updated_at", "fault")
    invalid = records.filter(pl.col("fault").is_not_null())
    repeated = (
        records.group_by("order_id")
        .agg(pl.len().alias("records"))
        .filter(pl.col("records") > 1)
    )
    older = (
        records.filter(pl.col("fault").is_null())
        .join(repeated, on="order_id", how="semi")
        .sort("updated_at", descending=True)
        .filter(pl.col("order_id").cum_count().over("order_id") > 1)
        .with_columns(fault=pl.lit("duplicate order_id"))
    )
    return pl.concat([invalid, older]).collect(engine="streaming")


def write_refunds(
    raw: Path, target: Path, orders: pl.LazyFrame, lines: pl.LazyFrame
) -> None:
    """Write the refunds with columns of their order and line, and whether each is invalid."""
    refunds = pl.scan_parquet(raw / "refunds.parquet")
    order_columns = orders.select(
        "order_id",
        "country_code",
        "currency",
        "is_sale",
        "is_test",
        order_business_date="business_date",
    )
    line_columns = lines.join(refunds, on="order_id", how="semi").select(
        "order_id", "line_number", "sku", "category"
    )
    is_invalid = (
        (pl.col("amount") < 0).fill_null(True)
        | pl.col("refund_id").is_null()
        | pl.col("refunded_at").is_null()
    )
    loadable = (
        refunds.join(order_columns, on="order_id", how="left")
        .join(line_columns, on=["order_id", "line_number"], how="left")
        .with_columns(
            pl.col("category").fill_null("unallocated"), is_invalid=is_invalid
        )
    )
    loadable.sink_parquet(target / "refunds.parquet", compression="zstd")


def collect_rejected(
    lines: pl.LazyFrame,
    valid_lines: pl.LazyFrame,
    repeated_lines: pl.DataFrame,
    left_out_orders: pl.DataFrame,
    written_orders: pl.LazyFrame,
) -> pl.DataFrame:
    """Return the rejected records with reason, detail and the record as JSON."""
    faulty = lines.filter(pl.col("fault").is_not_null())
    older = (
        lines.filter(pl.col("fault").is_null())
        .join(repeated_lines.lazy(), on=["order_id", "line_number"])
        .filter(pl.col("newest") != pl.col("row_number"))
        .with_columns(fault=pl.lit("duplicate_line line_number"))
        .drop("newest")
    )
    orphans = valid_lines.join(written_orders, on="order_id", how="anti").with_columns(
        fault=pl.lit("order_rejected order_id")
    )
    rejected_lines = pl.concat([faulty, older, orphans]).collect(engine="streaming")
    as_text = rejected_lines.drop("row_number", "fault").cast(pl.String)
    records = rejected_lines.select(
        pl.lit("order_items").alias("file"),
        "row_number",
        "order_id",
        "fault",
        raw=as_text.to_struct("record").struct.json_encode(),
    )
    headers = left_out_orders.select(
        pl.lit("orders").alias("file"),
        "row_number",
        "order_id",
        "fault",
        raw=pl.lit(None).cast(pl.String),
    )
    fault = pl.col("fault").str.split(" ")
    return pl.concat([headers, records]).select(
        "file",
        "row_number",
        "order_id",
        fault.list.first().alias("reason"),
        fault.list.last().alias("detail"),
        "raw",
    )
