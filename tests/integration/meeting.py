"""Two loads that meet: one commits at the moment at which another begins its transaction."""

from google.api_core.exceptions import BadRequest
from google.cloud import bigquery

from ecommerce.warehouse import load as load_module

LOST = BadRequest(
    "Transaction is aborted due to concurrent update against table demo-shop:sales.orders",
    errors=[{"reason": "invalidQuery"}],
)


def meet(monkeypatch, other, *, is_cancelled):
    """Let `other` commit when the next load begins its transaction, which BigQuery then cancels or not; the
    ids of the transactions begun."""
    query = bigquery.Client.query
    begun = []

    def interfering(self, sql, **options):
        if "BEGIN TRANSACTION" in sql:
            begun.append(options["job_id"])
            if len(begun) == 1:
                other()
                if is_cancelled:
                    raise LOST
        return query(self, sql, **options)

    monkeypatch.setattr(bigquery.Client, "query", interfering)
    monkeypatch.setattr(load_module._load_staged.retry, "sleep", lambda _: None)
    return begun
