"""What the pipeline sends arrives; `integration/test_pipeline_metrics.py` has the metrics of a day."""

from airflow.sdk.observability import stats

from ecommerce.runtime import metrics


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
