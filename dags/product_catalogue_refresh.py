"""
# Product catalogue refresh

**When it fails:** products keep the names and pictures that they had, and tomorrow's run reads everything
again. The log's last line names the page, product or table at fault. Mend that and clear the task *with
downstream*. A catalogue that is empty, or has lost more than half of its products, is refused: if that is
right, trigger the DAG with `accept_shrunk`.

Every morning at five, an hour before the daily report: `curl` fetches the catalogue's JSON from the
connection `product_catalogue_api`, page by page, and only pages that have changed. Each product is checked by
itself; what is wrong with one is kept in `rejected_rows`. Pictures that are new or have changed are
downloaded, eight at a time, from public addresses only (`PICTURE_NETWORKS` allows others). They are stored
below `PICTURES_URI` with small ones for the report. One transaction then brings products and pictures to what
the catalogue says. Broken pictures fail nothing: they are in the mail to `report_recipients`, which is sent
when something has changed. docs/CATALOGUE.md points this DAG at another JSON.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, Param

from ecommerce.catalogue import tasks
from ecommerce.core.names import DAG_CATALOGUE
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier

with DAG(
    dag_id=DAG_CATALOGUE,
    description="Every morning: names, categories and pictures from the product catalogue.",
    schedule=CronTriggerTimetable("0 5 * * *", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    params={
        "accept_shrunk": Param(
            False,
            type="boolean",
            title="Accept a shrunk catalogue",
            description="Also take a catalogue that is empty or has lost more than half of its products.",
        ),
        "send_mail": Param(
            False,
            type="boolean",
            title="Mail in any case",
            description="Also mail when nothing has changed.",
        ),
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["catalogue", "daily"],
    doc_md=__doc__,
) as dag:
    pages = tasks.FetchCatalogue(task_id="fetch").output
    refreshed = tasks.pictures(tasks.parse(pages))
    tasks.notify(refreshed, tasks.checks(tasks.load(refreshed)))
