"""The pictures of the README, made from the running demo: page one of the newest report, its mail, and its
page in the Airflow UI. `make pictures` writes them to docs/images; it needs Chromium.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from demo.airflow_services import PASSWORD, USER
from demo.layout import REPOSITORY, Folders, Ports
from ecommerce.sales.report.document import PREVIEW

IMAGES = REPOSITORY / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGE_ONE, MAIL, DAY_PAGE = "report-page-1.png", "report-mail.png", "report-day-page.png"
SHAPE = 1286 / 909  # of a sheet of A4: the three stand side by side


def main() -> None:
    """Write the three pictures.

    Raises:
        SystemExit: the demo does not run, has mailed no report, or there is no browser.
    """
    ports, folders = Ports.from_environ(), Folders.from_environ()
    day = newest_report(folders.reports)
    shutil.copy(folders.reports / str(day) / PREVIEW, IMAGES / PAGE_ONE)
    with window() as browser:
        mailbox = f"http://localhost:{ports.mailbox}"
        mail = browser.new_page(viewport=_sheet(700))
        mail.goto(f"{mailbox}/messages/{_mail_of(mailbox, day)}/html")
        _photograph(mail, MAIL)
        _photograph(day_page(browser, f"http://localhost:{ports.airflow}", day), DAY_PAGE)
    for name in (PAGE_ONE, MAIL, DAY_PAGE):
        print(IMAGES / name)


def newest_report(reports: Path) -> date:
    """The newest business day that has a report.

    Raises:
        SystemExit: there is none.
    """
    days = sorted(path.parent.name for path in reports.glob(f"????-??-??/{PREVIEW}"))
    if not days:
        sys.exit(f"no report lies in {reports}: run `make demo` first")
    return date.fromisoformat(days[-1])


def day_page(browser: Browser, airflow: str, day: date) -> Page:
    """The day's page of a user who has signed in."""
    page = browser.new_page(viewport=_sheet(1000))
    page.goto(airflow)
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Dags", exact=True).first.wait_for()
    page.goto(f"{airflow}/sales-reports/{day}/")
    return page


@contextmanager
def window() -> Iterator[Browser]:
    """A browser of this machine.

    Raises:
        SystemExit: there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        sys.exit("the pictures need Chromium (Debian and Ubuntu: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def _sheet(width: int) -> dict[str, int]:
    return {"width": width, "height": round(width * SHAPE)}


def _photograph(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / name)


def _mail_of(mailbox: str, day: date) -> str:
    """The id of the newest mail that brings the report of `day`."""
    with urlopen(f"{mailbox}/messages.json") as answer:
        messages = json.load(answer)
    name = f"sales-report-{day}.pdf"
    found = [each["id"] for each in messages if name in str(each["attachments"])]
    if not found:
        sys.exit(f"no mail brings the report of {day}")
    return str(found[0])


if __name__ == "__main__":
    main()
