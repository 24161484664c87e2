"""The whole stack, as `docker compose up` starts it from a fresh clone, and a run whose worker dies.

The tests share one stack, and one run.
"""

from datetime import UTC, datetime, timedelta

import pytest

from ecommerce.cli.airflow_api import ADMIN, AirflowApi
from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.errors import CredentialsError
from tests.compose.stack import DAG
from tests.waiting import wait_until

pytestmark = pytest.mark.compose

SHOP = "America/New_York"
SECRETS = [
    "AIRFLOW_ADMIN_PASSWORD",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API__SECRET_KEY",
    "POSTGRES_PASSWORD",
    "REDIS_PASSWORD",
    "CUSTOMER_HASH_KEY",
]


@pytest.fixture(scope="module")
def newest():
    """The newest business day. Airflow makes a run of its own for it when the DAG is switched on soon after
    its tick, and mails a second report."""
    return newest_closed_day(datetime.now(UTC), SHOP).date


@pytest.fixture(scope="module")
def day(newest):
    """A business day that no schedule runs. Of the day after it a partner's file is late, too."""
    return str(newest - timedelta(days=2))


@pytest.fixture(scope="module")
def image(stack):
    return stack.env["AIRFLOW_IMAGE"]


@pytest.fixture(scope="module")
def interrupted_run(stack, day):
    """A successful run whose worker died in the middle, and the state of the task it ran at that moment. The
    worker is back."""
    # A frozen sales database does not answer: the task that queries it cannot end before its worker dies.
    stack.compose("pause", "demo-sales-db")
    run_id = stack.trigger(day, send_mail=True)

    def extracting():
        task = stack.task(run_id, "extract.sales_db")
        return task if task["state"] == "running" and task["hostname"] else None

    killed = wait_until("sales_db is being extracted", extracting, 600, pause=0.3)
    stack.docker("kill", killed["hostname"])
    stack.compose("unpause", "demo-sales-db")
    state = stack.finished(run_id, seconds=900)
    failed = [task for task in stack.tasks(run_id) if task["state"] == "failed"]
    assert (state, [stack.log(task)[-3000:] for task in failed]) == ("success", [])
    stack.docker("start", killed["hostname"])
    return run_id, killed


def test_image_holds_the_code_and_no_dag_fails_to_import(stack):
    # Without the override nothing is mounted: what it sees is the image's. An import error is an exit code.
    alone = "--file docker-compose.yaml run --rm --no-deps airflow-cli bash -ec"
    script = "airflow dags list-import-errors --local; airflow dags list --local; id -u"
    seen = stack.compose(*alone.split(), script)
    assert f"{DAG}|/opt/airflow/dags/{DAG}.py" in seen.replace(" ", "")
    assert seen.split()[-1] == stack.env["AIRFLOW_UID"]


def test_no_secret_is_in_the_image(stack, image):
    history = stack.docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    settings = stack.docker("image", "inspect", "--format", "{{json .Config}}", image)
    assert [name for name in SECRETS if stack.env[name] in history + settings] == []
    files = stack.docker(
        "run", "--rm", "--entrypoint", "find", image, "/opt/airflow", "-name", ".env*"
    )
    assert files == ""


def test_admin_signs_in_with_the_password_of_env_and_no_other(stack):
    assert stack.api.get("dags", limit=1)["dags"] is not None
    with pytest.raises(CredentialsError):
        AirflowApi(stack.airflow, ADMIN, "admin")
    seen = stack.run_in("airflow-worker", "printenv", "AIRFLOW_ADMIN_PASSWORD")
    assert seen.strip() == ""


PRINTING = """
from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

# Into a file, because Airflow masks secrets in logs. What belongs to other users cannot be read.
TEXT = "env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\\\0' '\\\\n'"
FILE = "/opt/airflow/data/environment.txt"
# On a busy machine the API server is slow at its first requests, and the task loses its heartbeat.
BUSY = {"retries": 5, "retry_delay": timedelta(seconds=1)}
with DAG("prints_its_environment", schedule=None, default_args=BUSY):
    BashOperator(task_id="print", bash_command=f"{{ {TEXT}; }} > {FILE} 2>/dev/null; true")
"""


def test_no_task_sees_a_secret_of_the_stack(stack):
    (stack.folder / "dags" / "printing.py").write_text(PRINTING)
    run_id = stack.start("prints_its_environment")
    state = stack.finished(run_id, 600, "prints_its_environment")
    logs = [stack.log(task) for task in stack.tasks(run_id, "prints_its_environment")]
    assert (state, logs if state == "failed" else []) == ("success", [])
    seen = stack.run_in("airflow-worker", "cat", "/opt/airflow/data/environment.txt")
    assert "AIRFLOW_CTX_DAG_ID=prints_its_environment" in seen
    assert "celery" in seen, "of the worker, too"
    of_the_stack = {"GRAFANA_ADMIN_PASSWORD", *SECRETS} - {"CUSTOMER_HASH_KEY"}
    assert [name for name in of_the_stack if stack.env[name] in seen] == []


def test_run_finishes_although_a_worker_dies_in_the_middle(stack, day, interrupted_run):
    run_id, killed = interrupted_run
    retried = stack.task(run_id, "extract.sales_db")
    # More than one retry is possible: on a busy machine a task loses its heartbeat.
    assert retried["try_number"] > killed["try_number"]
    assert retried["hostname"] != killed["hostname"]
    assert stack.query(
        f"SELECT complete FROM sales.daily_summary WHERE business_date = '{day}'"
    )


@pytest.mark.usefixtures("interrupted_run")
def test_staging_is_closed_to_other_users(stack):
    folders = "find /opt/airflow/data/staging -mindepth 1 -maxdepth 4 -type d -printf '%m\\n' | sort -u"
    assert stack.run_in("airflow-worker", "bash", "-c", folders).split() == ["700"]


@pytest.mark.usefixtures("interrupted_run")
def test_report_is_mailed_with_its_pdf(stack, day, newest):
    reports = [
        mail for mail in stack.mails() if "analytics@example.com" in str(mail["to"])
    ]
    pdf = f"sales-report-{day}.pdf"
    assert len([mail for mail in reports if pdf in mail["attachments"]]) == 1
    others = [mail for mail in stack.mails() if mail not in reports]
    assert [mail for mail in others if str(newest) not in mail["subject"]] == []
    path = f"/opt/airflow/data/reports/{day}/report.pdf"
    for worker in (1, 2):
        begin = stack.run_in("airflow-worker", "head", "-c", "5", path, index=worker)
        assert begin == "%PDF-"


@pytest.mark.usefixtures("interrupted_run")
def test_no_secret_is_in_any_log(stack):
    logs = stack.compose("logs", "--no-color")
    command = ("bash", "-c", "cat $(find /opt/airflow/logs -type f)")
    archive = stack.run_in("airflow-worker", *command)
    written = logs + archive
    assert len(archive) > 10_000
    assert [name for name in SECRETS if stack.env[name] in written] == []
