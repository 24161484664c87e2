"""Fetching the partner's files without Airflow, by what the task calls."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecommerce.core import errors
from ecommerce.core.business_day import newest_closed_day
from ecommerce.forecast.partner_ftp import fetch_command
from ecommerce.storage.staging import DagRun
from tests.partner_ftp import PROMOTIONS

RUN = DagRun("weekly_sales_forecast", "run")
AT_ONCE = {"PARTNER_FTP_PAUSE": "0", "PARTNER_FTP_LOOK_PAUSE": "0"}
LARGE = PROMOTIONS + b"2026-11-27,2026-11-30,MUG-01,20\n" * 10_000


def connect(known, site, **fields):
    for name, value in site.environment(**fields).items():
        known.setenv(name, value)


def fetch(**settings):
    """What the task does, with settings of the script."""
    day = newest_closed_day(datetime.now(UTC), "America/New_York")
    with fetch_command.fetch_folder() as place:
        environment = os.environ | place.environment | AT_ONCE | settings
        done = subprocess.run(
            ["bash", "-c", fetch_command.COMMAND],
            env=environment,
            capture_output=True,
            text=True,
        )
        print(done.stdout, done.stderr)
        if done.returncode:
            assert not (place.path / fetch_command.MARKET_INDEX).exists()
            raise place.problem()
        return place.publish(RUN.folder(day.date, "partner_ftp"), "partner_ftp", day)


def content(manifest):
    folder = Path(manifest.uri.removeprefix("file://"))
    return {name: (folder / name).read_bytes() for name in manifest.columns}


def problem(kind, **settings):
    with pytest.raises(errors.PipelineError) as raised:
        fetch(**settings)
    assert type(raised.value) is kind, raised.value
    return str(raised.value).removeprefix("partner_ftp: ")


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
