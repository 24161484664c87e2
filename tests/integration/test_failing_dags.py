"""DAGs meant to fail (tests/dags/failing) in the real scheduler: who is notified, what is tried again.

The same Airflow serves the command that calls it: how a backfill fails.
"""

import json
import re
import shutil
from datetime import date

import pytest

from tests import chat
from tests.dags.conftest import REPOSITORY
from tests.dags.failing.retries import RETRIES
from tests.integration.commands import run_command
from tests.integration.live_airflow import live_airflow
from tests.integration.mailbox import ALERTED, open_mailbox
from tests.rows import column_of
from tests.source_names import EXCHANGE_RATES, PARTNER_FILES, SALES_DB, STOREFRONT

pytestmark = pytest.mark.slow

DAY = date(2026, 9, 1)
MAILS = 20
POLICY = {STOREFRONT: "optional", EXCHANGE_RATES: "off"}
RUNS = {
    "limits": "limits",
    "run_limit": "run_limit",
    "mails": "mails",
    "retries": "retries",
    "an optional source fails": "sources",
    "a required source fails": "sources",
    "an optional source cannot be transformed": "sources",
    "a required source cannot be transformed": "sources",
    "a source fails that is made optional": "sources",
    "a misspelt param": "sources",
}
FAILING = {
    "an optional source fails": STOREFRONT,
    "a required source fails": SALES_DB,
    "an optional source cannot be transformed": f"transform {STOREFRONT}",
    "a required source cannot be transformed": f"transform {SALES_DB}",
    "a source fails that is made optional": PARTNER_FILES,
}
MISSPELT = {"fialing": STOREFRONT}
SECRET = "of this installation, long enough for a signature with HS512: 64 bytes"
SHOP = '{"conn_type": "http", "host": "shop", "password": "secret", "extra": {"project": "mine"}}'


class Ended:
    """All the runs, when they have ended and everybody has been notified."""

    def __init__(
        self,
        airflow,
        mailbox,
        posted,
    ):
        self.airflow = airflow
        self.mailbox = mailbox
        self.posted = posted
        self.runs = {}
        self.states = {}

    def described(self):
        """The state of each run and of its tasks, each with the number of its attempts."""
        lines = []
        for name, dag_id in RUNS.items():
            lines.append(f"{name}: {self.states[name]}")
            tasks = self.airflow.tasks(dag_id, self.runs[name])
            lines += sorted(
                f"  {task['task_id']} {task['state']}, attempts: {task['try_number']}"
                for task in tasks
            )
        return "\n".join(lines)

    def last_line(
        self,
        run,
        task,
        attempt=1,
    ):
        lines = self.airflow.log(
            RUNS[run],
            self.runs[run],
            task,
            attempt,
        )
        details = [line["event"] for line in lines if line.get("error_detail")]
        return f"{run}.{task} {attempt}: {lines[-1]['event']}; traceback: {details}"


def by_message_id(mailbox):
    """Texts of the mails; Airflow calls twice for a lost worker."""
    texts = {}
    for message in mailbox.messages():
        assert message["X-Envelope-To"] == ALERTED
        text = message.get_body(("plain",)).get_content()
        text = re.sub(r"http://\S+", "URL", text)
        text = re.sub(r"manual__\S+", "RUN", text)
        text = f"Subject: {message['Subject']}\n{text}"
        texts[message["Message-ID"]] = re.sub(r"\d{4}-\d\d-\d\d", "DAY", text)
    return texts


def subjects(ended):
    return set(column_of(ended.mailbox.messages(), "Subject"))


def titles(ended):
    return set(column_of(ended.posted.posts, "title"))


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """An installation whose DAGs are those that fail."""
    folder = tmp_path_factory.mktemp("failing")
    shutil.copytree(REPOSITORY / "tests" / "dags" / "failing", folder / "dags")
    (folder / "plugins").symlink_to(REPOSITORY / "plugins")
    return folder


@pytest.fixture(scope="module")
def ended(metadata_server, installation):
    with (
        open_mailbox(installation / "mail") as mailbox,
        chat.running() as posted,
    ):
        environment = mailbox.environment() | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(installation / "dags"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "demo:admin,admin:admin",
            "AIRFLOW__API_AUTH__JWT_SECRET": SECRET,
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
            "SHOP_TIMEZONE": "America/New_York",
            "CUSTOMER_HASH_KEY": "0123456789abcdef",
            "AIRFLOW_CONN_ALERT_CHAT": posted.connection(),
            "AIRFLOW_CONN_SHOP": SHOP,
            "AIRFLOW_VAR_OF_THE_UI": "set",
        }
        dags = (*dict.fromkeys(RUNS.values()), "daily_sales_pipeline")
        with live_airflow(
            installation / "airflow", metadata_server, environment, *dags
        ) as airflow:
            yield run_everything(Ended(airflow, mailbox, posted))


def run_everything(ended):
    airflow = ended.airflow
    policy = {
        "key": "source_policy",
        "value": json.dumps(POLICY),
    }
    airflow.api.post("variables", policy)
    for name, dag_id in RUNS.items():
        conf = {"failing": FAILING[name]} if name in FAILING else {}
        if name == "a misspelt param":
            conf = MISSPELT
        ended.runs[name] = airflow.trigger(dag_id, **conf)
    for name, dag_id in RUNS.items():
        ended.states[name] = airflow.state(dag_id, ended.runs[name])
    # A task of a run that took too long is stopped, and a mail leaves, a moment after.
    airflow.until(
        lambda: (
            "running"
            not in airflow.task_states("run_limit", ended.runs["run_limit"]).values()
        ),
        "stops the task",
    )
    airflow.until(lambda: len(by_message_id(ended.mailbox)) >= MAILS, "has sent mails")
    # A post follows its mail.
    airflow.until(lambda: titles(ended) >= subjects(ended), "has posted to the chat")
    policy["value"] = json.dumps(POLICY | {PARTNER_FILES: "optional"})
    airflow.api.request(
        "PATCH",
        "variables/source_policy",
        json=policy,
    )
    name = "a source fails that is made optional"
    airflow.api.clear(
        ended.runs[name],
        ["extract.sources_ready"],
        "sources",
    )
    ended.states[name] += f", then {airflow.state('sources', ended.runs[name])}"
    return ended


def test_each_run_and_task_ends_as_reviewed(ended, snapshot):
    assert ended.described() == snapshot


def test_each_failed_task_is_mailed_once_and_nothing_behind_it(ended, snapshot):
    lines = "\n".join(sorted(by_message_id(ended.mailbox).values())).splitlines()
    # tests/unit/mail has the other lines.
    causes = [line for line in lines if line.startswith(("Subject:", "Why:"))]
    assert "\n".join(causes) == snapshot
    assert titles(ended) == subjects(ended)
    assert chat.SECRET not in ended.airflow.logs()


def test_a_log_ends_with_what_is_wrong(ended, snapshot):
    lines = [
        ended.last_line("mails", "broken"),
        ended.last_line("retries", "lost_connection"),
        ended.last_line("retries", "lost_connection", RETRIES + 1),
        ended.last_line("retries", "mistake"),
    ]
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    "run", ["an optional source fails", "an optional source cannot be transformed"]
)
def test_the_load_gets_the_other_sources(ended, run):
    run_id = ended.runs[run]
    path = f"dags/sources/dagRuns/{run_id}/taskInstances/load/xcomEntries/return_value"
    loaded = str(ended.airflow.api.get(path)["value"])
    sources = re.findall(r"\w+", loaded)
    assert sources == [SALES_DB, "shopify", PARTNER_FILES]


def test_a_backfill_of_the_command_line_shows_the_tasks_that_fail(
    ended, installation, snapshot
):
    """Of a user without anything of Airflow in the environment."""
    airflow = ended.airflow
    passwords = json.loads((airflow.home / "passwords.json").read_text())
    (installation / ".env").write_text(
        f"CUSTOMER_HASH_KEY=0123456789abcdef\n"
        f"AIRFLOW_LISTEN=127.0.0.1:{airflow.ports.airflow}\n"
        f"AIRFLOW_ADMIN_PASSWORD={passwords['admin']}\n"
    )
    arguments = ("backfill", f"--from={DAY}", f"--to={DAY}")
    done = run_command(installation, *arguments, COLUMNS="500")
    assert done.returncode == 1
    shown = re.sub(r"http://\S+", "URL", done.stderr)
    # Whether the command sees the attempt before its repetition depends on the machine.
    assert re.sub(r".* will be repeated: .*\n", "", shown) == snapshot
