"""`make soak`: see the package's docstring."""

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg

from demo.layout import REPOSITORY
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import (
    DAG_DAILY,
    DAG_RECONCILIATION,
    DAG_SYNC,
)
from tests.integration.live_airflow import timezone_at_work
from tests.soak import checks
from tests.soak.company import SoakAirflow, SoakCompany
from tests.soak.steps import DAGS, Stage, carry_out, plan

UPDATE_SECONDS = 5


class Soak:
    """One soak, from its start to its checks."""

    def __init__(self, minutes, seed):
        self.steps = plan(seed, minutes)
        self.home = REPOSITORY / ".soak" / f"{seed}-{minutes:g}"
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        self.seconds = minutes * 60
        # The first minute is for the start of all systems.
        ends_at = datetime.now(UTC) + timedelta(minutes=minutes + 1)
        self.company = SoakCompany(self.home, timezone_at_work(), seed, ends_at)
        self.airflow = SoakAirflow(self.company)
        self.stage = Stage(self.company, self.airflow)
        self._began = time.monotonic()
        self._ended = threading.Event()
        self.folder = self.company.folders.logs
        self.folder.mkdir(parents=True)

    def log(self, text):
        """Print a line with the time since the first step, and write it next to the logs of the processes."""
        since = time.monotonic() - self._began
        line = f"{since // 60:3.0f}:{since % 60:04.1f}  {text}"
        print(line, flush=True)
        with (self.folder / "soak.log").open("a") as file:
            file.write(f"{line}\n")

    def run(self):
        """Run the soak; return what is wrong."""
        try:
            self.company.begin()
            self.airflow.begin()
            self.until(self._knows_dags, "Airflow has read all DAGs")
            self._unpause()
            with ThreadPoolExecutor(16) as pool:
                keeper = pool.submit(self._keep)
                try:
                    self._attack(pool)
                    self._finish()
                finally:
                    self.stage.stopped = True
                    self._ended.set()
                keeper.result()
            return [*self._check(), *self._stop()]
        finally:
            self._stop()

    def until(self, reached, what):
        """Wait for something that Airflow does; an hour means never."""
        deadline = time.monotonic() + 3600
        while True:
            with suppress(PipelineError):
                if reached():
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(f"never: {what}")
            time.sleep(2)

    def _knows_dags(self):
        dags = self.airflow.api().get("dags", limit=100)["dags"]
        return {dag["dag_id"] for dag in dags}.issuperset(DAGS)

    def _keep(self):
        """Update the company and revive what was killed, until the end."""
        while not self._ended.wait(UPDATE_SECONDS):
            try:
                self.company.revive()
                self.airflow.revive()
                if not self.stage.stopped:
                    self.company.show()
            except (OSError, RuntimeError, psycopg.Error) as error:
                self.log(f"keeper: {' '.join(str(error).split())[:200]}")

    def _attack(self, pool):
        self.log(
            f"{len(self.steps)} steps; company from {self.company.first_day}, now {self.company.now()}"
        )
        self._began = time.monotonic()
        carried_out = []
        for step in self.steps:
            time.sleep(max(0, self._began + step.at - time.monotonic()))
            carried_out.append(pool.submit(self._carry_out, step))
        time.sleep(max(0, self._began + self.seconds - time.monotonic()))
        self.stage.stopped = True
        for future in carried_out:
            future.result()

    def _carry_out(self, step):
        outcome = carry_out(self.stage, step)
        drawn = f"{step.target:.4f} {step.extent:.4f}"
        self.log(f"[{step.at:6.1f}] {step.kind} {drawn}: {outcome}")

    def _finish(self):
        """Restore everything, let it run to its end, and run what failed and every schedule once more."""
        self.company.down_until.clear()
        self.airflow.down_until.clear()
        self.log("the adversary has ended; everything is restored")
        time.sleep(max(0, (self.company.ends_at - datetime.now(UTC)).total_seconds()))
        self.until(self._restored, "all systems run")
        self.company.show()
        self.until(self._idle, "all runs end")
        days = self.stage.days
        for day in days:
            if self._state(day) != "success":
                self.stage.run(DAG_DAILY, day)
        self.until(self._idle, "failed days run again")
        last_runs = {
            DAG_DAILY: {"day": days[-1], "send_mail": True},
            DAG_RECONCILIATION: {"most_days": 30},
            DAG_SYNC: {},
        }
        for dag_id, options in last_runs.items():
            self.stage.run(dag_id, **options)
            self.until(self._idle, f"the last run of {dag_id} ends")

    def _unpause(self):
        api = self.airflow.api()
        for dag_id in DAGS:
            api.request("PATCH", f"dags/{dag_id}", json={"is_paused": False})

    def _restored(self):
        self._unpause()
        return all(self.company.status().values())

    def _idle(self):
        api = self.airflow.api()
        runs = api.get("dags/~/dagRuns", state=["queued", "running"], limit=1)
        return runs["total_entries"] == 0

    def _state(self, day):
        runs = self.airflow.api().runs_of_day(day, DAG_DAILY)
        return runs[0]["state"] if runs else "never run"

    def _check(self):
        api = self.airflow.api()
        for dag_id in DAGS:
            runs = api.get(f"dags/{dag_id}/dagRuns", order_by="-id", limit=1)
            for run in runs["dag_runs"]:
                if run["state"] == "failed":
                    yield f"the last run of {dag_id} failed: {run['dag_run_id']}"
        yield from checks.orders(self.company, self.stage.days)
        yield from checks.mails(self.company)
        yield from checks.leftovers(self.company, self.airflow)

    def _stop(self):
        self._ended.set()
        self.airflow.stop()
        self.company.stop()
        return list(checks.processes_left(self.home))


def main():
    """Run a soak and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 10_000)
    options = parser.parse_args()
    for name in ("NO_PROXY", "no_proxy"):  # all servers are local
        os.environ[name] = f"localhost,127.0.0.1,{os.environ.get(name, '')}"
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))  # so that everything is stopped
    soak = Soak(options.minutes, options.seed)
    wrong = soak.run()
    for each in wrong:
        soak.log(f"FOUND {each}")
    verdict = f"{len(wrong)} findings; logs: {soak.folder}" if wrong else "clean"
    soak.log(f"MINUTES={options.minutes:g} SEED={options.seed}: {verdict}")
    if not wrong:
        shutil.rmtree(soak.home)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
