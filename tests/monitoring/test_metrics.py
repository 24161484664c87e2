"""What the pipeline sends arrives under the names that alerts and dashboard ask for."""

from datetime import UTC, datetime

from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

from ecommerce.core.business_day import day_window
from ecommerce.runtime import metrics

DAY = day_window(datetime(2026, 11, 19, tzinfo=UTC).date(), "America/New_York")
AUDIT = [
    {
        "source": "partner_files",
        "read_at": datetime(2026, 11, 20, 11, tzinfo=UTC),
        "rows_read": 200,
        "rows_accepted": 180,
        "rows_rejected": 15,
        "rows_superseded": 5,
    },
    {
        "source": "storefront",
        "read_at": None,
        "rows_read": 0,
        "rows_accepted": 0,
        "rows_rejected": None,
    },
]


def test_the_day_of_each_step_is_its_end_in_seconds(sending):
    metrics.business_day_done("report", DAY.end)
    series = r'ecommerce_business_day_end_timestamp_seconds\{step="report"\}'
    assert sending.until(series) == datetime(2026, 11, 20, 5, tzinfo=UTC).timestamp()


def test_rows_and_share_of_every_source(sending):
    metrics.loaded("daily_sales_pipeline", AUDIT)
    # The last series that is sent.
    last = r'ecommerce_rejected_ratio\{.*source="storefront"\}'
    assert sending.until(last) == 0
    page = sending.scrape()
    dag = 'dag_id="daily_sales_pipeline"'
    source = 'source="partner_files"'
    rows = {"read": 200, "accepted": 180, "rejected": 15, "superseded": 5}
    assert list(rows) == list(metrics.OUTCOMES)
    for outcome, number in rows.items():
        series = f'ecommerce_rows{{{dag},outcome="{outcome}",{source}}}'
        assert page[series] == number
    assert page[f"ecommerce_rejected_ratio{{{dag},{source}}}"] == 0.075
    read_at = "ecommerce_source_read_timestamp_seconds"
    assert page[f"{read_at}{{{source}}}"] == 1795172400.0
    assert f'{read_at}{{source="storefront"}}' not in page


def test_counts_add_up(sending):
    for count in (10_485_760, 20_971_520):
        metrics.bytes_billed(count, "load")
    metrics.mail_sent("report")
    assert sending.until(r'ecommerce_mails_sent_total\{kind="report"\}') == 1
    assert sending.scrape()['ecommerce_bytes_billed_total{step="load"}'] == 31_457_280


def test_airflows_own_durations_are_in_seconds_and_carry_their_state(
    sending,
):
    stats.timing(
        "dagrun.duration.failed",
        90_000.0,
        tags={"dag_id": "d", "run_type": "scheduled"},
    )
    series = 'airflow_dagrun_duration_seconds{}{{dag_id="d",run_type="scheduled",state="failed"}}'
    assert sending.until(series.format("_sum").replace("{", r"\{")) == 90
    assert sending.scrape()[series.format("_count")] == 1


def test_nothing_is_sent_where_metrics_are_off(monkeypatch):
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "false")
    stats.initialize(factory=get_stats_factory(), export_legacy_names=False)
    metrics.mail_sent("report")  # and nothing happens


def test_a_metric_that_cannot_be_sent_fails_nothing(monkeypatch, caplog):
    def refuse(*arguments, **options):
        raise ConnectionError("secret-host:8125")

    monkeypatch.setattr(stats, "incr", refuse)
    metrics.mail_sent("report")
    assert (
        "a metric could not be sent (the server closed the connection before it had answered)"
        in caplog.text
    )
    assert "secret-host" not in caplog.text
