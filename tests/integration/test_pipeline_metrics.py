"""What the steps of a day send is there when Prometheus asks."""

from datetime import UTC, datetime

import pytest

from demo.ledger import Ledger
from ecommerce.core.business_day import day_window, newest_closed_day
from ecommerce.sales import delivery, loading, transform
from ecommerce.sales.report import archive
from ecommerce.sources import SOURCES
from ecommerce.storage.staging import DagRun
from ecommerce.storage.xcom import to_xcom
from ecommerce.warehouse.checks import check_load
from tests.integration.daily_run import DAG, extract
from tests.integration.mailbox import open_mailbox
from tests.monitoring.exporter import exporter, sending_to

pytestmark = pytest.mark.slow

DAY = newest_closed_day(datetime.now(UTC), "America/New_York")


@pytest.fixture(scope="module")
def page(start_shared_company, tmp_path_factory):
    """The series after one day, from its extracts to its mail; the company's environment holds."""
    company = start_shared_company()
    company.show(
        Ledger(DAY.date, 1, orders_per_day=20, seed=5).as_of(datetime.now(UTC))
    )
    run = DagRun(DAG, "test__metrics")
    with (
        pytest.MonkeyPatch.context() as environment,
        open_mailbox(tmp_path_factory.mktemp("mail")) as mailbox,
        exporter() as server,
        sending_to(server),
    ):
        for name, value in mailbox.environment().items():
            environment.setenv(name, value)
        raw = [extract(source, DAY.date, run.run_id) for source in SOURCES]
        loadable = [
            transform.transform(manifest, run_id=run.run_id) for manifest in raw
        ]
        loaded = loading.load_day(DAY, run, loadable)
        report = archive.build_report(DAY, run, check_load(run, loaded, loading.ORDERS))
        assert not delivery.deliver(DAY, report, send_mail=True)
        server.until(
            r'ecommerce_business_day_end_timestamp_seconds\{step="mail"\}'
        )  # the last of all
        yield {"series": server.scrape(), "loaded": to_xcom(loaded), "day": DAY}


@pytest.mark.parametrize("step", ["load", "report", "mail"])
def test_each_step_of_the_day_has_passed(page, step):
    end = page["series"][
        f'ecommerce_business_day_end_timestamp_seconds{{step="{step}"}}'
    ]
    assert end == day_window(DAY.date, DAY.timezone).end.timestamp()


@pytest.mark.parametrize("source", SOURCES)
def test_rows_are_those_of_the_audit(page, source):
    (audit,) = (row for row in page["loaded"]["audit"] if row["source"] == source)
    for outcome in ("read", "accepted", "rejected", "superseded"):
        labels = f'dag_id="{DAG}",outcome="{outcome}",source="{source}"'
        assert page["series"][f"ecommerce_rows{{{labels}}}"] == audit[f"rows_{outcome}"]
    assert (
        page["series"][f'ecommerce_rejected_ratio{{dag_id="{DAG}",source="{source}"}}']
        < 1
    )
    read_at = datetime.fromisoformat(audit["read_at"]).timestamp()
    shown = page["series"][
        f'ecommerce_source_read_timestamp_seconds{{source="{source}"}}'
    ]
    assert shown == pytest.approx(read_at, abs=0.001)


def test_one_mail_was_sent(page):
    assert page["series"]['ecommerce_mails_sent_total{kind="report"}'] == 1


@pytest.mark.parametrize("step", ["load", "checks", "report", "audit"])
def test_every_step_that_asks_bigquery_says_what_it_was_billed(page, step):
    assert page["series"][f'ecommerce_bytes_billed_total{{step="{step}"}}'] >= 0
