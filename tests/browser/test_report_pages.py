"""The report pages alone in a real browser: seconds, without Airflow behind them."""

import re
import threading
import time
from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from io import BytesIO

import pytest
import uvicorn
from fastapi import FastAPI
from PIL import Image
from playwright.sync_api import expect

from demo.services.ports import free_port
from ecommerce.core.data_warnings import data_warning
from ecommerce.core.templates import render
from ecommerce.pages import day_status
from ecommerce.pages.navigation import PREFIX
from ecommerce.pages.views import day as day_view
from ecommerce.sales.report import archive, build
from ecommerce.sales.report.archive import TREND_PNG
from ecommerce.sales.report.texts.mail import mail_texts
from ecommerce.sales.report.texts.page import page_texts
from tests.browser import axe
from tests.unit.pages import made_up
from tests.unit.sales.report.samples import full, make_figures

pytestmark = pytest.mark.browser

PAGES = {
    "calendar": "",
    "an older month": "?month=2026-10",
    "a day": "2026-11-19/",
    "a day with everything": "2026-11-16/",
    "a restated day": "2026-11-17/",
    "a day without report": "2026-11-09/",
    "a wrong date": "2026-13-45/",
    "data quality": "quality/",
    "forecast": "forecast/",
    "a week": "weeks/2026-W46/",
    "a month": "months/2026-10/",
    "a slice": f"slices/{made_up.SLICE}/weeks/2026-W46/",
    "a month without report": "months/2026-11/",
}
WIDE, NARROW = (1280, 900), (390, 844)
FULL_DAY = date(2026, 11, 16)
MISPLACED = """() => {
  const inked = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return [...range.getClientRects()].filter((box) => box.width > 0);
  };
  const found = [];
  for (const each of document.querySelectorAll(".cell > :not(.hidden), .tile .value")) {
    const place = (each.closest("td") || each.parentElement).getBoundingClientRect();
    const boxes = inked(each);
    const neighbour = each.matches(".sign") ? inked(each.previousElementSibling)[0].right + 2 : place.left;
    const outside = boxes.some((box) => box.left < neighbour || box.right > place.right);
    if (outside || (each.matches(".value") && boxes.length > 1)) found.push(each.textContent);
  }
  for (const each of document.querySelectorAll(".chart img")) {
    if (!each.naturalWidth || each.getBoundingClientRect().right > innerWidth) found.push(each.alt);
  }
  return found;
}"""
"""Texts that leave their place or are broken, and charts that are missing or leave the window."""


@dataclass(frozen=True)
class Pages:
    """The address of the made-up shop's pages under a prefix, and the picture of a day's mail."""

    analyst: str
    trend: bytes


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    reports = made_up.write_archive(tmp_path_factory.mktemp("pages"))
    days = {}
    for day, state in made_up.day_states().items():
        changed = {"net_sales": state.figures["net_sales"] + 1}
        outdated = {"outdated_values": state.outdated_values or changed}
        days[day] = state.model_copy(update=outdated)
    warehouse = made_up.FakeWarehouse(days, rows=made_up.quality_rows())
    unread = data_warning("columns_not_read", file=f"acme_{FULL_DAY}.csv", columns="x")
    everything = full(business_date=FULL_DAY, warnings=[unread])
    folder = reports / str(FULL_DAY)
    (folder / archive.FIGURES_JSON).write_text(everything.model_dump_json())
    build.write_charts(page_texts(everything)["sections"], folder)
    with pytest.MonkeyPatch.context() as shop:
        shop.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
        shop.setenv("REPORTS_URI", f"file://{reports}")
        shop.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", made_up.SUBSCRIPTIONS)
        required = ["sales_db", "storefront"]
        shop.setattr(day_status, "required_sources", lambda: required)
        shop.setattr(day_view, "required_sources", lambda: required)
        server, address = _serve(made_up.application(warehouse=warehouse))
        trend = (reports / "2026-11-19" / TREND_PNG).read_bytes()
        yield Pages(address, trend)
        server.should_exit = True


def _serve(app):
    outer = FastAPI(root_path="/team")
    outer.mount(PREFIX, app)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(outer, port=port, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.02)
    return server, f"http://127.0.0.1:{port}/team{PREFIX}/"


@pytest.fixture(scope="module")
def axe_script():
    return axe.source()


@pytest.fixture(params=[(WIDE, "light"), (NARROW, "dark")], ids=str)
def window(request, browser):
    """A wide and a narrow window, in the one theme and the other, without JavaScript of the page."""
    (width, height), theme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page_has_no_flaw_and_fits_the_window(pages, window, axe_script, path):
    window.goto(pages.analyst + path)
    assert axe.violations(window, axe_script) == []
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert window.evaluate(MISPLACED) == []


def test_on_a_phone_the_page_of_a_day_shows_the_sales_of_products_and_is_of_a_bounded_length(
    pages, browser
):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{pages.analyst}{FULL_DAY}/")
    assert page.evaluate("document.documentElement.scrollHeight") < 10 * 844
    for section in ("products", "warnings"):
        assert page.locator(f"#{section} .wide").evaluate(
            "table => table.scrollWidth <= table.clientWidth"
        )
    expect(page.locator("#channels table").first).to_be_hidden()
    page.locator("#channels summary").click()
    expect(page.locator("#channels table").first).to_be_visible()
    context.close()


@pytest.mark.parametrize(
    ("theme", "least", "most"), [("light", 200, 255), ("dark", 0, 50)]
)
def test_dark_pages_and_mails_are_dark(pages, browser, theme, least, most):
    context = browser.new_context(color_scheme=theme)
    page = context.new_page()
    texts = {**mail_texts(make_figures()), "picture_cid": "trend", "page_url": ""}
    chart = f"data:image/png;base64,{b64encode(pages.trend).decode()}"
    mail = render("report_mail.html", texts).replace("cid:trend", chart)
    page.set_content(mail)
    shot = page.locator("img.picture").screenshot()
    picture = Image.open(BytesIO(shot)).convert("L")
    page.goto(pages.analyst)
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()
    red = int(re.search(r"\d+", colour)[0])
    for lightness in (red, picture.getpixel((2, 2))):
        assert least <= lightness <= most
    darkest, lightest = picture.getextrema()
    assert lightest - darkest > 140


@pytest.fixture
def plain(browser):
    """A window that runs no JavaScript."""
    context = browser.new_context(java_script_enabled=False, accept_downloads=True)
    yield context.new_page()
    context.close()


def test_without_javascript_one_walks_from_the_calendar_to_a_pdf_and_back(pages, plain):
    plain.goto(pages.analyst)
    plain.locator("table.month a[href='2026-11-17/']").click()
    expect(plain.get_by_role("heading", level=1)).to_have_text(
        "Tuesday, 17 November 2026"
    )
    expect(plain.get_by_text("18,716.13 → 20,373.40 USD")).to_be_visible()
    with plain.expect_download() as download:
        plain.get_by_role("link", name="Report as PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    assert download.value.suggested_filename == "sales-report-2026-11-17-report.pdf"
    plain.get_by_role("link", name="2026-11-16").first.click()
    plain.get_by_role("link", name="November 2026").first.click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("November 2026")
    plain.get_by_role("link", name="W46").click()
    plain.get_by_role("link", name="germany").click()
    expect(plain.locator(".pill").first).to_have_text("Austria and Germany")
    plain.get_by_role("link", name="Whole shop").first.click()
    plain.get_by_role("link", name="November 2026").first.click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("November 2026")
