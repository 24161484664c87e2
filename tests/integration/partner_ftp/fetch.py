"""Fetching the partner's files without Airflow, by what the task calls."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from ecommerce.core.business_day import newest_closed_day
from ecommerce.forecast.partner_ftp import fetch as partner_ftp
from ecommerce.runtime.curl_script import publish_files, script_error
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import DagRun
from tests.partner_ftp import PROMOTIONS
from tests.settings import add_environment

RUN = DagRun("weekly_sales_forecast", "run")
LARGE = PROMOTIONS + b"2026-11-27,2026-11-30,MUG-01,20\n" * 10_000


def connect(known, site, **fields):
    add_environment(known, site.environment(**fields))


def fetch(**settings):
    """What the task does, with settings of the script."""
    read_at = datetime.now(UTC)
    day = newest_closed_day(read_at, "America/New_York")
    with scratch_folder() as path:
        done = subprocess.run(
            ["bash", "-c", partner_ftp.COMMAND],
            env=os.environ | partner_ftp.script_environment() | settings,
            cwd=path,
            capture_output=True,
            text=True,
        )
        print(done.stdout, done.stderr)
        if done.returncode:
            raise script_error("partner_ftp", done.returncode)
        folder = RUN.folder(day.date, "partner_ftp")
        files = partner_ftp.FILES
        return publish_files(
            path, folder, "partner_ftp", day.date, files=files, read_at=read_at
        )


def content(manifest):
    folder = Path(manifest.uri.removeprefix("file://"))
    return {name: (folder / name).read_bytes() for name in manifest.columns}


def everything_readable(group):
    """Arguments and environments of the processes of a group; of bash only its arguments:
    it is given the password in its environment, and hands it on by a pipe."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) != group:
                continue
            yield (folder / "cmdline").read_bytes().decode("utf-8", "replace")
            # A process may become another one: its name is read before and after.
            before = (folder / "comm").read_text().strip()
            environment = (folder / "environ").read_bytes().decode("utf-8", "replace")
            after = (folder / "comm").read_text().strip()
            if "bash" not in (before, after):
                yield environment
        except OSError:
            continue


def run_watched(source, let_happen):
    """Run the script of a source. Return its exit code; what others can read of its processes each time that
    the server is asked; what the script leaves and prints.

    `let_happen`: is given a function for the server to call, while curl waits for it.
    """
    started = []
    seen = []
    let_happen(lambda: seen.extend(everything_readable(started[0].pid)))
    with scratch_folder() as path:
        running = subprocess.Popen(
            ["bash", "-c", f"read -r _; {source.COMMAND}"],
            env=os.environ | source.script_environment(),
            cwd=path,
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started.append(running)
        output = running.communicate(b"go\n")[0].decode()
        left = [file.read_bytes().decode() for file in path.iterdir()]
    return running.returncode, seen, [*left, output]
