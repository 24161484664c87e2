"""Queries on their way to BigQuery."""

from functools import partial

from google.cloud import bigquery

from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.load import _load_staged


def intercept(monkeypatch, answer):
    """Let `answer(send, sql, **options)` answer each query; `send` sends one to BigQuery."""
    query = bigquery.Client.query

    def intercepted(client, sql, **options):
        return answer(partial(query, client), sql, **options)

    monkeypatch.setattr(bigquery.Client, "query", intercepted)


def repeat_at_once(monkeypatch):
    """Let loads and transactions that BigQuery cancels be repeated without a pause."""
    for repeated in (_load_staged, Warehouse.transact):
        monkeypatch.setattr(repeated.retry, "sleep", lambda _: None)
