"""The metrics of a load, as they are handed to Airflow's metrics client."""

import pytest
from airflow.sdk.observability import stats

from ecommerce.runtime import metrics


@pytest.mark.parametrize(
    ("counts", "share"),
    [
        ({"rows_read": 3, "rows_rejected": 2}, 0.666667),
        ({"rows_read": 1, "rows_rejected": 1}, 1),
        ({"rows_read": 0, "rows_rejected": 0}, 0),
        ({"rows_read": None, "rows_rejected": None}, 0),
    ],
)
def test_the_share_of_rejected_rows_is_that_of_the_rows_read(
    monkeypatch, counts, share
):
    sent = {}

    def gauge(name, value, tags):
        sent[name] = value

    monkeypatch.setattr(stats, "gauge", gauge)
    metrics.loaded("daily_sales_pipeline", [{"source": "storefront", **counts}])
    assert sent["ecommerce.rejected_ratio"] == share
