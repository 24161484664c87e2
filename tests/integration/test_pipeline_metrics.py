"""What the steps of a day send is there when Prometheus asks."""

from datetime import UTC, datetime

import pytest

from demo.ledger import Ledger
from ecommerce.core.business_day import newest_closed_day
from ecommerce.runtime import metrics
from ecommerce.sales import delivery, loading
from ecommerce.sales.report import build
from ecommerce.sources import live_sources
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.checks import check_load
from tests.integration.daily_run import DAG, stage
from tests.monitoring.exporter import exporter, sending_to
from tests.rows import column_of
from tests.settings import add_environment

pytestmark = pytest.mark.slow

DAY = newest_closed_day(datetime.now(UTC), "America/New_York")


def test_what_the_steps_of_a_day_send_is_there(start_company, mailbox, monkeypatch):
    company = start_company()
    books = Ledger(DAY.date, 1, orders_per_day=20, seed=5)
    company.show(books.as_of(datetime.now(UTC)))
    add_environment(monkeypatch, mailbox.environment())
    run = DagRun(DAG, "test__metrics")
    with exporter() as server, sending_to(server):
        loaded = loading.load_day(
            DAY,
            run,
            stage(DAY.date, run.run_id),
        )
        checked = check_load(run, loaded, loading.ORDERS)
        report = build.build_report(DAY, run, checked)
        assert not delivery.deliver(DAY, report, run, send_mail=True)
        # The last of all.
        server.until(r'ecommerce_business_day_end_timestamp_seconds\{step="mail"\}')
        series = server.scrape()

    for step in ("load", "report", "mail"):
        name = f'ecommerce_business_day_end_timestamp_seconds{{step="{step}"}}'
        assert series[name] == DAY.end.timestamp(), step
    for step in ("load", "checks", "report", "audit"):
        assert series[f'ecommerce_bytes_billed_total{{step="{step}"}}'] >= 0, step
    assert series['ecommerce_mails_sent_total{kind="report"}'] == 1
    audits = company.rows("load_audit")
    assert set(column_of(audits, "source")) == {*live_sources()}
    for row in audits:
        source = f'source="{row["source"]}"'
        read_at = series[f"ecommerce_source_read_timestamp_seconds{{{source}}}"]
        assert read_at == row["read_at"].timestamp()
        for outcome in metrics.OUTCOMES:
            labels = f'dag_id="{DAG}",outcome="{outcome}",{source}'
            assert series[f"ecommerce_rows{{{labels}}}"] == row[f"rows_{outcome}"]
        labels = f'dag_id="{DAG}",{source}'
        share = row["rows_rejected"] / max(row["rows_read"], 1)
        ratio = series[f"ecommerce_rejected_ratio{{{labels}}}"]
        assert ratio == pytest.approx(share, abs=1e-6)
