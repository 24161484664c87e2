"""
# Sales history load

**When it fails:** nothing is half-loaded: a month is loaded whole or not at all. The failed task's last line
names the file, month or setting at fault. Mend it and clear the failed tasks; what was done stays done, and
only the rest is repeated. Running it again from the start ends in the same tables. To take an export back:
`make undo-history SOURCE=<its name>`.

The form begins with *Dry run* on: switch it off to load.

A bulk export in the layout of partner files: one or many CSV (plain, gz, zst) or Parquet files, which
together are one delivery under a source name of its own. List and read the files in parallel, show control
totals by month, load the exchange rates of its days, then month by month: transform, load in one transaction,
check. The last task shows what became of every row, and what was rejected where; after a dry run, which
transforms everything and loads nothing, it shows the same. It completes no business day, moves no watermark,
announces nothing and mails no report; the next report names it.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from ecommerce.core.names import DAG_HISTORY
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import LONG, run_timeout
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier
from ecommerce.sales.history import tasks

with DAG(
    dag_id=DAG_HISTORY,
    description="By hand: load a bulk export of older orders, month by month; first as a dry run.",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    params={
        "dry_run": Param(
            True,
            type="boolean",
            title="Dry run",
            description="Read and transform everything, show what a load would do, load nothing. Off: load.",
        ),
        "files": Param(
            type="string",
            minLength=1,
            title="Files",
            description="URI pattern, such as gs://exports/orders_*.csv.gz, s3://… or file:///…/*.parquet.",
        ),
        "source": Param(
            type="string",
            pattern="^[a-z][a-z0-9_]{0,62}$",
            title="Source",
            description="A name of the export's own, such as old_shop, under which its orders are kept. The "
            "name of a source that is read live is refused.",
        ),
        "first_day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="First day",
            description="Empty: from the first.",
        ),
        "last_day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Last day",
            description="Included. Empty: to the last.",
        ),
        "most_rejected": Param(
            5,
            type="number",
            minimum=0,
            maximum=100,
            title="Most rejected rows",
            description="In per cent of all. When more were rejected the last task fails; else it warns.",
        ),
    },
    dagrun_timeout=run_timeout(LONG),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "manual"],
    doc_md=__doc__,
) as dag:
    read = tasks.read.expand(request=tasks.list_files())
    totals = tasks.control_totals(read)
    rates = tasks.exchange_rates(totals)
    transformed, checked = tasks.one_month.partial(rates=rates).expand(month=tasks.months(totals))
    transformed >> tasks.clean_up(read, totals)
    checked >> tasks.summary(transformed)
