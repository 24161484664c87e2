"""The README's screenshots of the running demo: page one of the newest report, its mail,
its page in Airflow.

`make pictures` writes them to docs/images. It needs Chromium.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from demo.airflow_services import PASSWORD, USER
from demo.layout import REPOSITORY, Folders, Ports
from ecommerce.sales.report.archive import PREVIEW

IMAGES = REPOSITORY / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ASPECT_RATIO = 1286 / 909
"""The height of A4 by its width: README shows the three side by side."""


def main() -> None:
    """Write the three screenshots.

    Raises:
        SystemExit: there is no report of the demo, no mail with it, or no browser.
    """
    ports = Ports.from_environ()
    reports = Folders.from_environ().reports
    previews = sorted(reports.glob(f"????-??-??/{PREVIEW}"))
    if not previews:
        sys.exit(f"there is no report in {reports}: run `make demo` first")
    preview = previews[-1]
    day = preview.parent.name
    shutil.copy(preview, IMAGES / "report-page-1.png")
    with window() as browser:
        take_mail(browser, f"http://localhost:{ports.mailbox}", day)
        take_day_page(browser, f"http://localhost:{ports.airflow}", day)
    print(f"The pictures are in {IMAGES}")


def take_mail(browser: Browser, mailbox: str, day: str) -> None:
    """Take the screenshot of the newest mail with the report of `day`."""
    with urlopen(f"{mailbox}/messages.json") as response:
        messages = json.load(response)
    for message in messages:
        if f"sales-report-{day}.pdf" in message["attachments"]:
            page = browser.new_page(viewport=_viewport(700))
            page.goto(f"{mailbox}/messages/{message['id']}/html")
            page.screenshot(path=IMAGES / "report-mail.png")
            return
    sys.exit(f"no mail has the report of {day}")


def take_day_page(browser: Browser, airflow: str, day: str) -> None:
    """Sign in and take the screenshot of the page of `day`."""
    page = browser.new_page(viewport=_viewport(1000))
    page.goto(airflow)
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Dags", exact=True).first.wait_for()
    page.goto(f"{airflow}/sales-reports/{day}/")
    page.screenshot(path=IMAGES / "report-day-page.png")


@contextmanager
def window() -> Iterator[Browser]:
    """Start a local browser.

    Raises:
        SystemExit: there is no browser.
    """
    installed = [name for name in BROWSERS if shutil.which(name)]
    if not installed:
        sys.exit(
            "the screenshots need Chromium (Debian and Ubuntu: apt install chromium)"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which(installed[0]), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def _viewport(width: int) -> dict[str, int]:
    return {"width": width, "height": round(width * ASPECT_RATIO)}


if __name__ == "__main__":
    main()
