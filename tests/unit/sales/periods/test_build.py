"""Building reports of periods, with a reader that returns made-up figures; and their mails by locale."""

import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from ecommerce.core import text
from ecommerce.core.periods import parse_period
from ecommerce.sales.periods import archive, build
from ecommerce.sales.periods.figures import PeriodFigures, figures_hash
from ecommerce.sales.report_mail import read_mail
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.storage.staging import DagRun
from tests.unit.sales.periods import samples

RUN = DagRun("daily_sales_pipeline", "scheduled__2026-11-29")
TEXTILES = Slice(category=("Textiles",))
CURRENCIES = {samples.GERMANY: "USD", TEXTILES: "GBP", WHOLE: "EUR"}
MAILED_FILES = {
    "report.pdf",
    "figures.csv",
    "figures.json",
    "mail.json",
    "manifest.json",
}


@pytest.fixture(scope="module", autouse=True)
def _settings():
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SHOP_TIMEZONE", "Europe/Berlin")
        environment.setenv("CODE_VERSION", "test")
        yield


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """The report of a week of the whole shop."""
    folder = tmp_path_factory.mktemp("weeks")
    return build.archive_report(f"file://{folder}", samples.week())


@pytest.fixture
def day(tmp_path):
    """The report of a day of a slice."""
    return build.archive_report(f"file://{tmp_path}", samples.sliced_day())


def raised(value, more):
    """Return figures, each of which is larger; shares and changes differ, too."""
    if isinstance(value, dict):
        return {name: raised(each, more) for name, each in value.items()}
    if isinstance(value, list):
        return [raised(each, more) for each in value]
    if isinstance(value, Decimal) or type(value) is int:
        return value + more * (value % 89 + 1)
    return value


@pytest.fixture
def build_reports(monkeypatch, tmp_path):
    """Build reports of slices, each with numbers and a currency of its own. The run is not in them."""
    asked = []

    def read_figures(warehouse, period, slices, origin):
        asked.append((warehouse, period, slices, origin))
        figures = {}
        for only in slices:
            changes = samples.sliced() | {"only": only, "currency": CURRENCIES[only]}
            made = samples.make(str(period), **changes)
            more = list(CURRENCIES).index(only)
            figures[only] = PeriodFigures.model_validate(
                raised(made.model_dump(), more)
            )
        return figures

    monkeypatch.setattr(build, "read_figures", read_figures)
    monkeypatch.setattr(build, "connect", lambda **names: names)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")

    def build_in(name, period, *slices):
        monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/{name}")
        reports = build.build_reports(period, slices, RUN)
        [(warehouse, of_period, read, origin)] = asked
        assert warehouse == {"dag": RUN.dag_id, "step": "report"}
        assert (of_period, read) == (period, slices)
        assert (origin.run_id, origin.timezone) == (RUN.run_id, "Europe/Berlin")
        asked.clear()
        return reports

    return build_in


@pytest.mark.parametrize(
    "name", ["2026-11-28", pytest.param("2026-W48", marks=pytest.mark.slow)]
)
def test_a_report_has_nothing_of_another_slice(build_reports, name):
    """Its files and its mail are the same to the byte, with and without the others, which differ."""
    period = parse_period(name)
    alone = build_reports("alone", period, samples.GERMANY)[samples.GERMANY]
    slices = (WHOLE, TEXTILES, samples.GERMANY)
    reports = build_reports("all", period, *slices)
    assert tuple(reports) == slices
    german = reports[samples.GERMANY]
    mail = read_mail(german)
    assert mail == read_mail(alone)
    words = [page.extract_text() for page in PdfReader(BytesIO(mail.pdf)).pages]
    assert "USD" in str(words)
    for only, currency in CURRENCIES.items():
        texts = read_mail(reports[only]).texts
        assert texts["currency"] == currency
        net_sales = reports[only].figures.value("net_sales")
        assert texts["tiles"][0]["value"] == text.amount(net_sales, currency)
    assert mail.texts["page_url"].endswith(german.page_path)
    for path in samples.folder(alone).iterdir():
        if path.name != "manifest.json":
            contents = []
            for report in reports.values():
                contents.append((samples.folder(report) / path.name).read_bytes())
            assert contents[-1] == path.read_bytes(), path.name
            assert len(set(contents)) == len(slices), path.name


def test_a_slice_has_a_folder_without_a_letter_of_the_data(day, tmp_path):
    key = archive.slice_key(samples.GERMANY)
    assert day.uri == f"file://{tmp_path}/slices/{key}/days/2026-11-28"
    assert [path.name for path in tmp_path.iterdir()] == ["slices"]
    of_slice = archive.archive_of("day", samples.GERMANY)
    assert of_slice.read_figures(day.uri) == day.figures
    assert day.figures.only == samples.GERMANY
    assert day.figures_hash == figures_hash(day.figures)
    assert of_slice.days(f"file://{tmp_path}") == [date(2026, 11, 28)]
    # No page shows a slice of a day.
    assert {path.name for path in samples.folder(day).iterdir()} == MAILED_FILES


def test_a_week_has_every_file_of_its_page(week):
    assert week.uri.endswith("/weeks/2026-11-23")
    files = {path.name for path in samples.folder(week).iterdir()}
    assert files == {*archive.FILES, "mail.json", "manifest.json"}


@pytest.mark.parametrize("locale", ["", "en-US"])
def test_the_mail_of_an_archived_report_has_its_document_and_picture(week, locale):
    mail = read_mail(week, locale)
    folder = samples.folder(week)
    assert mail.pdf == (folder / "report.pdf").read_bytes()
    assert mail.picture == (folder / "days.png").read_bytes()
    assert Image.open(BytesIO(mail.picture)).width > 1000


def test_the_mail_links_to_the_page_of_its_slice(week, day, monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    url = read_mail(week).texts["page_url"]
    assert url.endswith("/sales-reports/weeks/2026-W48/")
    key = archive.slice_key(TEXTILES)
    month = archive.ArchivedPeriod("", samples.month(only=TEXTILES), "")
    assert month.page_path == f"slices/{key}/months/2026-11/"
    mail = read_mail(day)
    assert mail.texts["page_url"] == ""
    assert mail.picture is None


def test_the_mail_in_another_locale_has_a_document_of_its_own(day):
    mail = read_mail(day, "de_DE")
    assert mail.texts["tiles"][0]["value"] == "142.300,50"
    assert mail.texts["slice"] == "Österreich and Deutschland"
    words = PdfReader(BytesIO(mail.pdf)).pages[0].extract_text()
    assert "142.300,50" in words
    assert "142,300.50" not in words
    assert read_mail(day).texts["slice"] == "Austria and Germany"


@pytest.mark.slow
def test_the_mail_in_another_locale_has_a_picture_of_its_own(week):
    mail = read_mail(week, "de_DE")
    assert mail.picture != read_mail(week).picture


def test_a_slice_never_has_restated_days(tmp_path):
    figures = samples.sliced_day(restated=samples.week().restated)
    report = build.archive_report(f"file://{tmp_path}", figures)
    assert report.figures.restated == []
    of_whole_shop = {"18716", "18,716", "20373", "20,373"}
    for name in ("figures.json", "figures.csv", "mail.json"):
        content = (samples.folder(report) / name).read_text()
        assert not of_whole_shop & set(re.findall(r"[\d,]+", content))
