"""
# Product catalogue refresh

**When it fails:** products keep their names and pictures, and tomorrow's run reads everything again. The
last line of the log names the page, product or table with the error. Fix it and clear the task *with
downstream*. A catalogue that is empty or has lost more than half of its products is refused; if it is
correct, trigger the DAG with `accept_shrunk`.

Runs every morning at five, one hour before the daily report. The first page of the catalogue's JSON is
fetched by `curl` from the connection `product_catalogue_api`, and the others as each page names the next.
Each product is validated separately; rejected ones are stored in `rejected_rows`. New and changed pictures
are downloaded, four at a time, from public addresses only (`PICTURE_NETWORKS` allows others), and stored
below `PICTURES_URI` with thumbnails for the report. One transaction then updates products and pictures. A
broken picture does not fail the run: the mail to `report_recipients` lists it. The mail is sent when a
product or the state of its picture has changed. To use a different JSON, see docs/CATALOGUE.md.
"""

from airflow.sdk import DAG, CronTriggerTimetable, Param

from ecommerce.catalogue import tasks
from ecommerce.core.names import DAG_CATALOGUE
from ecommerce.core.settings import owner_links, run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure

with DAG(
    dag_id=DAG_CATALOGUE,
    description="Every morning: load names, categories and pictures from the product catalogue.",
    schedule=CronTriggerTimetable("0 5 * * *", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    params={
        "accept_shrunk": Param(
            False,
            type="boolean",
            title="Accept a shrunk catalogue",
            description="Load a catalogue even if it is empty or has lost more than half of its products.",
        ),
        "send_mail": Param(
            False,
            type="boolean",
            title="Mail in any case",
            description="Send the mail even if nothing has changed.",
        ),
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["catalogue", "daily"],
    doc_md=__doc__,
) as dag:
    pages = tasks.fetch_pages().output
    refreshed = tasks.pictures(tasks.parse(pages))
    tasks.notify(refreshed, tasks.checks(tasks.load(refreshed)))
