"""What the steps of a day send is there when Prometheus asks."""

from datetime import UTC, datetime

import pytest

from demo.ledger import Ledger
from ecommerce.core.business_day import day_window, newest_closed_day
from ecommerce.sales import delivery, loading, transform
from ecommerce.sales.report import build
from ecommerce.sources import live_sources
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse.checks import check_load
from tests.integration.daily_run import DAG, extract
from tests.monitoring.exporter import exporter, sending_to

pytestmark = pytest.mark.slow

DAY = newest_closed_day(datetime.now(UTC), "America/New_York")


def test_what_the_steps_of_a_day_send_is_there(start_company, mailbox, monkeypatch):
    company = start_company()
    company.show(
        Ledger(
            DAY.date,
            1,
            orders_per_day=20,
            seed=5,
        ).as_of(datetime.now(UTC))
    )
    for name, value in mailbox.environment().items():
        monkeypatch.setenv(name, value)
    run = DagRun(DAG, "test__metrics")
    with exporter() as server, sending_to(server):
        raw = [
            extract(
                source,
                DAY.date,
                run.run_id,
            )
            for source in live_sources()
        ]
        loadable = [
            transform.transform(
                each,
                run_id=run.run_id,
            )
            for each in raw
        ]
        loaded = loading.load_day(DAY, run, loadable)
        report = build.build_report(
            DAY,
            run,
            check_load(run, loaded, loading.ORDERS),
        )
        assert not delivery.deliver(
            DAY,
            report,
            run,
            send_mail=True,
        )
        # The last of all.
        server.until(r'ecommerce_business_day_end_timestamp_seconds\{step="mail"\}')
        series = server.scrape()

    end = day_window(DAY.date, DAY.timezone).end.timestamp()
    for step in ("load", "report", "mail"):
        name = f'ecommerce_business_day_end_timestamp_seconds{{step="{step}"}}'
        assert series[name] == end, step
    for step in ("load", "checks", "report", "audit"):
        assert series[f'ecommerce_bytes_billed_total{{step="{step}"}}'] >= 0, step
    assert series['ecommerce_mails_sent_total{kind="report"}'] == 1
    audits = {row["source"]: row for row in company.rows("load_audit")}
    assert audits.keys() == {*live_sources()}
    for source, audit in audits.items():
        labels = f'dag_id="{DAG}",outcome="accepted",source="{source}"'
        assert series[f"ecommerce_rows{{{labels}}}"] == audit["rows_accepted"]
