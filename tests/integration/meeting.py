"""Two loads that meet: one commits at the moment at which another begins its transaction."""

from google.api_core.exceptions import BadRequest

from tests import queries

LOST = BadRequest(
    "Transaction is aborted due to concurrent update against table demo-shop:sales.orders",
    errors=[{"reason": "invalidQuery"}],
)


def meet(monkeypatch, other, *, is_cancelled):
    """Let `other` commit when the next load begins its transaction, which BigQuery then cancels or not; the
    ids of the transactions begun."""
    begun = []

    def interfering(send, sql, **options):
        if "BEGIN TRANSACTION" in sql:
            begun.append(options["job_id"])
            if len(begun) == 1:
                other()
                if is_cancelled:
                    raise LOST
        return send(sql, **options)

    queries.intercept(monkeypatch, interfering)
    queries.repeat_at_once(monkeypatch)
    return begun
