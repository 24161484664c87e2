"""The database of a transform: its variables, its functions and its errors."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ecommerce.core.business_day import day_window
from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import ContractError, StagingError
from ecommerce.core.settings import load_settings
from ecommerce.storage import staging
from ecommerce.storage.duckdb import (
    connect_duckdb,
    define_values,
    problem_of,
    set_variables,
)
from ecommerce.storage.staging import Manifest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "340MB"
"""Of DuckDB, which spills beyond it; the process needs about 100 MB more."""


@contextmanager
def open_database(
    manifests: Sequence[Manifest],
    run_id: str,
) -> Iterator[DuckDBPyConnection]:
    """Open DuckDB with the variables of staged_columns.md, and the functions and macros of all steps. The
    `manifests` of raw folders are of one business day."""
    settings = load_settings()
    first = manifests[0]
    day = day_window(first.business_date, settings.shop_timezone)
    inner_key, outer_key = padded_keys(settings.customer_hash_key.encode())
    with ExitStack() as folders:
        sources = []
        for manifest in manifests:
            facts = manifest.facts()
            facts["raw"] = folders.enter_context(staging.local_folder(manifest.uri))
            facts["control_totals"] = json.dumps(manifest.control_totals)
            sources.append(facts)
        duck = folders.enter_context(connect_duckdb(memory_limit=MEMORY_LIMIT))
        if len(sources) == 1:
            set_variables(duck, **sources[0])
        set_variables(
            duck,
            sources=sources,
            business_date=first.business_date,
            run_id=run_id,
            shop_timezone=settings.shop_timezone,
            day_start=day.start,
            day_end=day.end,
            # Variables and no constants, so that no statement contains the keys.
            inner_key=inner_key,
            outer_key=outer_key,
            reporting_currency=settings.reporting_currency,
        )
        lists = {
            "order_attributes": settings.order_attributes,
            "payment_fee_meta": settings.payment_fee_meta,
            "gateways_without_fees": settings.gateways_without_fees,
        }
        for name, values in lists.items():
            # DuckDB knows no type of an empty list.
            duck.execute(f"SET VARIABLE {name} = ?::VARCHAR[]", [list(values)])
        # Joins run as written, with the right side in memory: DuckDB estimates that anti joins leave few
        # rows, and would keep the lines in memory instead of the orders.
        duck.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        define_values(duck)
        duck.create_function("without_entities", html.unescape, ["VARCHAR"], "VARCHAR")
        yield duck


def padded_keys(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and the outer key of HMAC-SHA256 (RFC 2104)."""
    if len(key) > 64:
        key = hashlib.sha256(key).digest()
    block = key.ljust(64, b"\0")
    return block.translate(hmac.trans_36), block.translate(hmac.trans_5C)


@contextmanager
def step_errors(step: str) -> Iterator[None]:
    """Raise masked errors of this package in place of DuckDB's, whose texts may quote a row."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise StagingError(f"{step}: {mask_e_mails(str(error))}") from None
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        # It names a column or table.
        raise ContractError(f"{step}: {mask_e_mails(str(error))}") from None
    except duckdb.Error as error:
        raise ContractError(f"{step}: {problem_of(error)}") from None
