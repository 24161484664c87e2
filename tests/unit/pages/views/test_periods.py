"""The pages of weeks and months, of the whole shop and of a slice."""

import pytest

from ecommerce.sales.periods.texts.page import page_texts
from tests.unit.pages.made_up import SLICE, WEEK
from tests.unit.pages.reading import check_report, lines_of, text_of
from tests.unit.sales.periods.samples import make, sliced

PAGES = {
    f"/weeks/{WEEK}/": make(WEEK),
    f"/slices/{SLICE}/weeks/{WEEK}/": make(WEEK, **sliced()),
    "/months/2026-10/": make("2026-10"),
}


@pytest.mark.parametrize("path", PAGES)
def test_a_report_has_every_section_with_its_rows(client, path):
    page = client.get(path).text
    texts = page_texts(PAGES[path])
    check_report(page, texts)
    shown = text_of(page)
    assert f"{texts['long_day']} {texts['slice']}".strip() in shown
    assert texts["summary"]["sentences"][0] in shown
    for name in ("report.pdf", "figures.csv", "figures.json"):
        assert f'href="{name}" download' in page


@pytest.mark.parametrize("path", PAGES)
def test_what_frames_a_report(client, path, snapshot):
    """The heading, the links to other periods, and those to slices."""
    page = lines_of(client.get(path).text)
    head, _, rest = page.partition("\nNet sales ")
    end = rest.splitlines()[-8:]
    assert "\n".join([head, "…", *end]) == snapshot


@pytest.mark.parametrize(
    "path", ["/weeks/2026-W45/", "/weeks/2026-W47/", "/months/2026-11/"]
)
def test_a_period_without_a_report(client, path, snapshot):
    answer = client.get(path)
    assert answer.status_code == 404
    assert lines_of(answer.text) == snapshot


def test_the_next_week_of_a_slice_is_linked(client):
    page = client.get(f"/slices/{SLICE}/weeks/2026-W45/").text
    assert f'href="../../../../slices/{SLICE}/weeks/{WEEK}/" rel="next"' in page


def test_a_slice_has_no_figure_of_the_whole_shop(client):
    country = "United Kingdom"
    whole = f"/weeks/{WEEK}"
    assert country in client.get(f"{whole}/").text
    assert country not in client.get(f"/slices/{SLICE}{whole}/").text
    for prefix, countries in (("", []), (f"/slices/{SLICE}", ["AT", "DE"])):
        figures = client.get(f"{prefix}{whole}/figures.json").json()
        assert figures["only"]["country"] == countries


def test_slices_of_former_subscriptions_are_not_shown(client, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", "[]")
    assert client.get(f"/slices/{SLICE}/weeks/{WEEK}/").status_code == 404
    assert client.get(f"/slices/{SLICE}/weeks/{WEEK}/report.pdf").status_code == 404
    assert "germany" not in client.get(f"/weeks/{WEEK}/").text


def test_figures_of_another_version_leave_the_picture_of_page_one(client, reports):
    (reports / "weeks/2026-11-09/figures.json").write_text('{"is": "older"}')
    page = client.get(f"/weeks/{WEEK}/").text
    assert '<img class="page" src="page-1.png"' in page
    assert 'href="report.pdf"' in page
    assert "make report WEEK=2026-W46" in page
