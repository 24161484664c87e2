"""The README's screenshots of the running demo: page one of the newest report, its mail, its page in Airflow.

`make pictures` writes them to docs/images. It needs Chromium.
"""

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
from ecommerce.sales.report.archive import PREVIEW

IMAGES = REPOSITORY / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGE_ONE, MAIL, DAY_PAGE = "report-page-1.png", "report-mail.png", "report-day-page.png"
ASPECT_RATIO = 1286 / 909  # of A4: README shows the three side by side


def main() -> None:
    """Write the three screenshots.

    Raises:
        SystemExit: the demo is not running, it has mailed no report, or there is no browser.
    """
    ports, folders = Ports.from_environ(), Folders.from_environ()
    day = newest_report(folders.reports)
    shutil.copy(folders.reports / str(day) / PREVIEW, IMAGES / PAGE_ONE)
    with window() as browser:
        mailbox = f"http://localhost:{ports.mailbox}"
        mail = browser.new_page(viewport=_viewport(700))
        mail.goto(f"{mailbox}/messages/{_mail_of(mailbox, day)}/html")
        _screenshot(mail, MAIL)
        _screenshot(
            day_page(browser, f"http://localhost:{ports.airflow}", day), DAY_PAGE
        )
    for name in (PAGE_ONE, MAIL, DAY_PAGE):
        print(IMAGES / name)


def newest_report(reports: Path) -> date:
    """Return the newest business day with a report.

    Raises:
        SystemExit: there is no report.
    """
    days = sorted(path.parent.name for path in reports.glob(f"????-??-??/{PREVIEW}"))
    if not days:
        sys.exit(f"there is no report in {reports}: run `make demo` first")
    return date.fromisoformat(days[-1])


def day_page(browser: Browser, airflow: str, day: date) -> Page:
    """Sign in and open the page of `day`."""
    page = browser.new_page(viewport=_viewport(1000))
    page.goto(airflow)
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Dags", exact=True).first.wait_for()
    page.goto(f"{airflow}/sales-reports/{day}/")
    return page


@contextmanager
def window() -> Iterator[Browser]:
    """Start a local browser.

    Raises:
        SystemExit: there is no browser.
    """
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not executable:
        sys.exit(
            "the screenshots need Chromium (Debian and Ubuntu: apt install chromium)"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def _viewport(width: int) -> dict[str, int]:
    return {"width": width, "height": round(width * ASPECT_RATIO)}


def _screenshot(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / name)


def _mail_of(mailbox: str, day: date) -> str:
    """Return the id of the newest mail with the report of `day`."""
    with urlopen(f"{mailbox}/messages.json") as answer:
        messages = json.load(answer)
    name = f"sales-report-{day}.pdf"
    ids = [each["id"] for each in messages if name in str(each["attachments"])]
    if not ids:
        sys.exit(f"no mail has the report of {day}")
    return str(ids[0])


if __name__ == "__main__":
    main()
