"""A demo of its own, as `make demo` starts it, and a browser in front of it."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from demo.airflow_services import PASSWORD, USER
from demo.layout import REPOSITORY, Folders, Ports
from demo.scenario import Scenario
from demo.screenshots import BROWSERS
from demo.services.ports import free_port

# No calls home, which a closed network answers with one refusal after another.
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DAYS = 4
"""Business days since the company moved to this pipeline; `make demo` has eight, and a longer history."""
PATIENCE = 60_000
"""Milliseconds to wait for what a page is to show; a busy machine draws Airflow's graph slowly."""

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Demo:
    """A running demo: where it listens, what it wrote, what it told the person who started it."""

    ports: Ports
    folders: Folders
    output: str

    @property
    def airflow(self):
        """The address of the Airflow UI."""
        return f"http://localhost:{self.ports.airflow}"

    @property
    def mailbox(self):
        """The address of the mailbox page."""
        return f"http://localhost:{self.ports.mailbox}"


@pytest.fixture(scope="session")
def demo():
    """`make demo` from an empty folder on free ports, stopped by `make stop`.

    Not below pytest's own folder: every other pytest that starts closes that to all users but one, and for
    root the demo's PostgreSQL runs as another user.
    """
    home = Path(tempfile.mkdtemp(prefix="demo-"))
    settings = {"DEMO_HOME": str(home)}
    for field in fields(Ports):
        settings[Ports.variable(field.name)] = str(free_port())
    company = Scenario.begin(datetime.now(UTC))
    first_day = company.first_day + timedelta(days=8 - DAYS)
    replace(company, first_day=first_day, old_months=3).save(home / "scenario.json")
    try:
        ended = _bootstrap("demo", settings)
        assert ended.returncode == 0, ended.stdout[-3000:]
        folders = Folders.from_environ(settings)
        yield Demo(Ports.from_environ(settings), folders, ended.stdout)
    finally:
        _bootstrap("stop", settings)
        shutil.rmtree(home, ignore_errors=True)


def _bootstrap(command, settings):
    return subprocess.run(
        [sys.executable, "demo/bootstrap.py", command],
        cwd=REPOSITORY,
        env=os.environ | settings,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="session")
def browser():
    """A real browser of this machine; without one these tests fail."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, "these tests need Chromium (Debian and Ubuntu: apt install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture
def page(browser, tmp_path):
    """A new window in which nobody has signed in; `screen.png` shows where a test ended."""
    context = browser.new_context(
        viewport={"width": 1600, "height": 1100}, accept_downloads=True
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    yield page
    page.screenshot(path=tmp_path / "screen.png")
    context.close()


def sign_in(page):
    """Fill in the form to which Airflow has sent the page."""
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def signed_in(page, demo):
    """The start page of Airflow, after signing in by its form."""
    page.goto(demo.airflow)
    sign_in(page)
    page.get_by_role("link", name="Dags", exact=True).first.wait_for()
    return page
