"""
# Sales history load

**When it fails:** no month is loaded partially. The last line of the failed task names the file, month or
setting with the error. Fix it and clear the failed tasks: completed work is kept and only the rest is
repeated. Rerunning from the start gives the same result. To remove an export, run `make undo-history
SOURCE=<its name>`.

The form starts with *Dry run* on. Switch it off to load.

Loads a bulk export in the layout of partner files: CSV (plain, gz, zst) or Parquet files, which together are
one delivery under their own source name. The DAG lists and reads the files in parallel, shows control totals
by month and loads the exchange rates of these days. Then, month by month, it transforms, loads in one
transaction and checks. The last task reports how many rows were loaded and rejected, and why. A dry run
transforms everything, loads nothing, and reports the same. The load completes no business day, moves no
watermark, updates no asset and mails no report; the next report mentions it.
"""

from airflow.sdk import DAG, Param

from ecommerce.core.names import DAG_HISTORY
from ecommerce.core.settings import LONG, owner_links, run_timeout
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.sales.history import tasks

with DAG(
    dag_id=DAG_HISTORY,
    description="Manual: load a bulk export of older orders, month by month; first as a dry run.",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    params={
        "dry_run": Param(
            True,
            type="boolean",
            title="Dry run",
            description="Read and transform everything and report the result without loading. Off: load.",
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
            description="Source name of the export's orders, such as old_shop. It must differ from the names "
            "of live sources.",
        ),
        "first_day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="First day",
            description="Empty: the first day of the export.",
        ),
        "last_day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Last day",
            description="Inclusive. Empty: the last day of the export.",
        ),
        "most_rejected": Param(
            5,
            type="number",
            minimum=0,
            maximum=100,
            title="Most rejected rows",
            description="In percent of all rows. The last task fails above this share and warns below it.",
        ),
    },
    dagrun_timeout=run_timeout(LONG),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "manual"],
    doc_md=__doc__,
) as dag:
    read = tasks.read.expand(request=tasks.list_files())
    totals = tasks.control_totals(read)
    rates = tasks.exchange_rates(totals)
    transformed, checked = tasks.one_month.partial(rates=rates).expand(
        month=tasks.months(totals)
    )
    transformed >> tasks.clean_up(read, totals)
    checked >> tasks.summary(transformed)
