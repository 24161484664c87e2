import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pypdf import PdfReader

from ecommerce.core.data_warnings import WRONG, wording
from ecommerce.core.text import MINUS, NOTHING
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures import website
from ecommerce.sales.report.figures.model import Figures, figures_hash
from ecommerce.sales.report.figures.website import (
    Device,
    Step,
    Tracked,
    Viewed,
    Website,
)
from ecommerce.sales.report.figures_csv import figures_csv
from ecommerce.sales.report.view.notices import notices
from ecommerce.sales.report.view.sales_tables import website as sections
from tests.unit.sales.report.samples import DAY, crowded, make_figures

ORDINARY = Website(
    steps=[
        Step(step="session", sessions=4120, day_before=4000, week_before=4300),
        Step(step="view_item", sessions=2900, day_before=2800, week_before=3000),
        Step(step="add_to_cart", sessions=480, day_before=500, week_before=None),
        Step(step="purchase", sessions=96, day_before=90, week_before=99),
    ],
    bot_sessions=311,
    devices=[Device(device="mobile", sessions=2500, purchases=40)],
    tracked=[Tracked(source="storefront", orders=98, seen=95, usual=Decimal("0.962"))],
    viewed=[Viewed(sku="SKU-9", name="Cuckoo clock", visitors=77)],
)


def broken(seen: int = 61, **changes) -> Website:
    tracked = Tracked(source="storefront", orders=98, seen=seen, usual=Decimal("0.962"))
    return ORDINARY.model_copy(update={"tracked": [tracked.model_copy(update=changes)]})


def answering(**answers):
    return lambda name, **values: answers.get(name, [])


def funnel(day: date, **sessions: int) -> list[dict]:
    return [
        {
            "business_date": day,
            "step": step,
            "device": device,
            "sessions": number,
            "bot_sessions": 3,
        }
        for step, number in sessions.items()
        for device in ("mobile", "desktop")
    ]


def test_a_shop_without_web_events_has_no_website_part():
    assert website.website_of(answering(), DAY, DAY - timedelta(days=28)) is None
    assert [each["rows"] for each in sections(make_figures(website=None))] == [[]]
    assert website.warnings(None, DAY) == []


def test_sessions_are_added_up_over_devices_and_stand_beside_yesterday_and_last_week():
    rows = [
        *funnel(DAY, session=10, view_item=6, purchase=1),
        *funnel(
            DAY - timedelta(days=1), session=8, view_item=5, add_to_cart=4, purchase=2
        ),
        *funnel(DAY - timedelta(days=7), session=7),
    ]
    found = website.website_of(answering(funnel=rows), DAY, DAY - timedelta(days=28))
    assert found is not None
    assert found.steps == [
        Step(step="session", sessions=20, day_before=16, week_before=14),
        Step(step="view_item", sessions=12, day_before=10, week_before=None),
        Step(step="purchase", sessions=2, day_before=4, week_before=None),
    ]
    assert found.bot_sessions == 6
    assert found.devices == [
        Device(device="desktop", sessions=10, purchases=1),
        Device(device="mobile", sessions=10, purchases=1),
    ]


def test_a_day_whose_events_are_not_loaded_is_warned_of():
    rows = funnel(DAY - timedelta(days=1), session=8)
    found = website.website_of(answering(funnel=rows), DAY, DAY - timedelta(days=28))
    assert found == Website()
    (warning,) = website.warnings(found, DAY)
    assert (
        f"(make backfill DAG=user_events_daily FROM={DAY} TO={DAY})"
        in wording(warning).action
    )
    assert [each["rows"] for each in sections(make_figures(website=found))] == [[]]
    assert notices(make_figures(website=found))[0]["title"] == "Website"


def test_a_day_that_was_read_and_has_no_session_may_be_read_again():
    rows = [
        {
            "business_date": DAY,
            "step": None,
            "device": None,
            "sessions": 0,
            "bot_sessions": 0,
        },
        *funnel(DAY - timedelta(days=1), session=8),
    ]
    orders = [
        {
            "business_date": DAY - timedelta(days=back),
            "source": "storefront",
            "orders": 100,
            "seen": 95 * back,
        }
        for back in (0, 1)
    ]
    found = website.website_of(
        answering(funnel=rows, tracked_orders=orders), DAY, DAY - timedelta(days=28)
    )
    assert found is not None
    assert found.steps == [Step(step="session", sessions=0, day_before=16)]
    assert (
        "match only 0 of 100 orders" in wording(website.warnings(found, DAY)[0]).found
    )
    assert sections(make_figures(website=found))[0]["rows"][0][:3] == [
        "Sessions",
        "0",
        NOTHING,
    ]


def test_only_sources_that_are_sold_on_the_website_are_followed():
    rows = [
        {
            "business_date": DAY - timedelta(days=back),
            "source": source,
            "orders": 100,
            "seen": seen,
        }
        for back in range(3)
        for source, seen in (
            ("storefront", 96 - 30 * (back == 0)),
            ("partner_files", 1),
        )
    ]
    assert website.tracked(rows, DAY) == [
        Tracked(source="storefront", orders=100, seen=66, usual=Decimal("0.96"))
    ]
    assert website.tracked(rows[:1], DAY) == [
        Tracked(source="storefront", orders=100, seen=66)
    ]


@pytest.mark.parametrize(
    ("site", "is_alarming"),
    [
        (ORDINARY, False),
        (broken(), True),
        (broken(seen=80), False),
        (broken(orders=9, seen=0), False),
        (broken(usual=None), False),
    ],
)
def test_people_are_told_when_tracking_broke(site, is_alarming):
    assert bool(website.warnings(site, DAY)) is is_alarming
    titles = [each["title"] for each in notices(make_figures(website=site))]
    assert ("Website" in titles) is is_alarming


def test_the_warning_has_the_figures():
    (warning,) = map(wording, website.warnings(broken(), DAY))
    assert (warning.found, warning.meaning, warning.weight) == (
        "web events match only 61 of 98 orders of Storefront (62.2 %, usually 96.2 %)",
        "tracking is broken, and the funnel shows too little",
        WRONG,
    )


def test_the_report_prints_the_funnel(tmp_path):
    archive.write_document(make_figures(website=ORDINARY), tmp_path)
    text = " ".join(
        " ".join(page.extract_text().split())
        for page in PdfReader(tmp_path / archive.PDF).pages
    )
    for expected in (
        "sessions that reached each step; bot sessions excluded: 311",
        f"Sessions 4,120 100.0 % 100.0 % 4,000 +3.0 % 4,300 {MINUS}4.2 %",
        "Viewed a product 2,900 70.4 % 70.4 %",
        f"Added to the cart 480 11.7 % 16.6 % 500 {MINUS}4.0 % {NOTHING} {NOTHING}",
        "Purchased 96 2.3 % 20.0 %",
        "Mobile 2,500 40 1.6 %",
        "Cuckoo clock 77",
        "Storefront 98 95 96.9 % 96.2 %",
    ):
        assert expected in text


def test_the_funnel_is_in_the_csv_and_not_in_the_hash_by_which_mails_are_told_apart():
    with_site, without = make_figures(website=ORDINARY), make_figures()
    assert (
        f"{DAY},funnel,add_to_cart,sessions,480,,true"
        in figures_csv(with_site).splitlines()
    )
    assert figures_hash(with_site) == figures_hash(without)
    assert Figures.model_validate_json(with_site.model_dump_json(indent=1)) == with_site


def _thumbnail() -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (96, 64), (200, 80, 20)).save(stream, "PNG")
    return stream.getvalue()


def test_page_one_is_one_page_with_pictures_too(tmp_path):
    (tmp_path / "good.png").write_bytes(_thumbnail())
    figures = crowded()
    thumbnail = {"thumbnail": f"file://{tmp_path}/good.png"}
    products = [product.model_copy(update=thumbnail) for product in figures.products]
    (tmp_path / "report").mkdir()
    archive.write_document(
        figures.model_copy(update={"products": products}), tmp_path / "report"
    )
    pages = PdfReader(tmp_path / "report" / archive.PDF).pages
    assert "All definitions" in pages[0].extract_text()
    assert "What changed" in pages[1].extract_text()


def test_products_have_their_pictures_and_a_missing_one_does_no_harm(tmp_path):
    (tmp_path / "good.png").write_bytes(_thumbnail())
    (tmp_path / "broken.png").write_bytes(b"<html>")
    (tmp_path / "cut.png").write_bytes(_thumbnail()[:-30])
    figures = make_figures()
    named = ["good.png", "broken.png", "missing.png", "cut.png"]
    products = [
        product.model_copy(update={"thumbnail": f"file://{tmp_path}/{name}"})
        for product, name in zip(figures.products, named, strict=False)
    ]
    figures = figures.model_copy(
        update={"products": [*products, *figures.products[4:]]}
    )
    (tmp_path / "report").mkdir()
    archive.write_document(figures, tmp_path / "report")
    pages = PdfReader(tmp_path / "report" / archive.PDF).pages
    # On page one, among the rising products (of the same SKU), and in the table of products.
    assert [len(page.images) for page in pages[:3]] == [1, 1, 1]
