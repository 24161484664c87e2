"""Payouts and balance transactions of Shopify Payments. Payments by other gateways are in the orders.

Each payout is read with all of its balance transactions. A transaction is searched for by its date, or,
where it is older than these searches, by its payout.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from more_itertools import chunked, flatten

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.errors import CredentialsError
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.text import utc_text
from ecommerce.core.values import Json
from ecommerce.sources.shopify.client import ShopifyClient, between

ACCOUNT = "shopifyPaymentsAccount"
LOOKBACK = timedelta(days=10)
"""How long before the window payouts and balance transactions are read again: the bank may decline a payout
days after its issue, and its transactions are then in another one."""
PER_REQUEST = 20
"""Searches in one request. Each may cost 35 points, and Shopify refuses a request of more than 1,000."""
OF_ORDER_TRANSACTIONS = ("CHARGE", "REFUND", "REFUND_FAILURE")
"""Types of balance transactions that move the whole amount of their order transaction."""


def read_payments(
    client: ShopifyClient,
    window: ReadWindow,
    currency: str,
    folder: Path,
) -> list[DataWarning]:
    """Read the payouts that were issued, and the balance transactions that were processed, in the window or
    (a read that looks back) less than `LOOKBACK` before it, into the raw folder. A shop without Shopify
    Payments has none.

    Args:
        client: asks the shop.
        window: what the run reads.
        currency: that of the shop's orders.
        folder: the raw folder.

    Returns: a warning where the app may not see them.

    Raises:
        PipelineError: as `ShopifyClient.ask`.
    """
    transactions = folder / "balance_transactions"
    transactions.mkdir()
    _write(transactions / "000000.json", [])
    _write(folder / "payouts.json", [])
    if window.changed_from == window.changed_until:
        # Of changes, nothing is read: the run only compares orders.
        return []
    start = min(window.day.start, window.changed_from)
    if window.looks_back:
        start -= LOOKBACK
    end = window.changed_until
    issued = between("issued_at", start, end)
    try:
        account = client.ask("payouts", search=issued)[ACCOUNT]
    except CredentialsError:
        return [data_warning("payments_hidden")]
    if account is None:
        return []
    pages = client.pages(account["payouts"], "payouts", issued, ACCOUNT, "payouts")
    payouts = list(flatten(pages))
    _write(folder / "payouts.json", payouts)
    # A payout has only transactions that were processed before its issue.
    searches = [between("processed_at", start, end)]
    for payout in payouts:
        payout_id = payout["legacyResourceId"]
        searches.append(
            f"payments_transfer_id:{payout_id} processed_at:<'{utc_text(start)}Z'"
        )
    numbers = itertools.count(1)
    for search, first_page in _first_pages(client, searches):
        for page in client.pages(
            first_page,
            "balance_transactions",
            search,
            ACCOUNT,
            "balanceTransactions",
        ):
            _add_order_amounts(client, page, currency)
            _write(transactions / f"{next(numbers):06}.json", page)
    return []


def _first_pages(
    client: ShopifyClient, searches: list[str]
) -> Iterator[tuple[str, Json]]:
    """Yield each search for balance transactions with its first page."""
    for batch in chunked(searches, PER_REQUEST):
        variables = {f"search{number}": search for number, search in enumerate(batch)}
        answer = client.ask("balance_searches", len(batch), **variables)
        pages = answer[ACCOUNT]
        for number, search in enumerate(batch):
            yield search, pages[f"page{number}"]


def _add_order_amounts(
    client: ShopifyClient,
    transactions: list[Json],
    currency: str,
) -> None:
    """Add `orderAmount`, the amount in the currency of the order, to balance transactions where it is known.
    One that is settled in the currency of the orders has its own."""
    converted = []
    ids = []
    for transaction in transactions:
        if transaction["amount"]["currencyCode"] == currency:
            transaction["orderAmount"] = transaction["amount"]
        elif transaction["type"] in OF_ORDER_TRANSACTIONS:
            converted.append(transaction)
            number = transaction["sourceOrderTransactionId"]
            ids.append(f"gid://shopify/OrderTransaction/{number}")
    if not ids:
        return
    answer = client.ask("order_transactions", ids=ids)
    for transaction, node in zip(converted, answer["nodes"], strict=True):
        if node:
            transaction["orderAmount"] = node["amountSet"]["shopMoney"]


def _write(file: Path, records: list[Json]) -> None:
    file.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
