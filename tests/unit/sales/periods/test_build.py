"""Building reports of periods, with a reader that returns made-up figures; and their mails by locale."""

from datetime import date
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from ecommerce.sales.periods import archive, build
from ecommerce.sales.periods.figures import figures_hash
from ecommerce.sales.report_mail import read_mail
from ecommerce.sales.slices import Slice
from tests.unit.sales.periods import samples

TEXTILES = Slice(category=("Textiles",))
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
