"""Building reports of periods, with a reader that returns made-up figures; and their mails by locale."""

from datetime import date
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from ecommerce.core.errors import StagingError
from ecommerce.core.periods import parse_period
from ecommerce.sales.periods import archive, build
from ecommerce.sales.periods.figures import figures_hash
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.storage.staging import DagRun
from tests.unit.sales.periods import samples

RUN = DagRun("weekly_report", "scheduled__2026-11-30")
TEXTILES = Slice(category=("Textiles",))


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The archive's folder and the reports of a week: of the whole shop, and of two slices in place of older
    ones."""
    folder = tmp_path_factory.mktemp("reports")
    asked = []

    def read_figures(warehouse, period, slices, origin):
        asked.append((warehouse, period, list(slices)))
        figures = {}
        for only in slices:
            sample = samples.week if only.is_whole else samples.sliced_week
            figures[only] = sample(only=only, provenance=origin)
        return figures

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
        patched.setenv("REPORTS_URI", f"file://{folder}")
        patched.setenv("SHOP_TIMEZONE", "Europe/Berlin")
        patched.setattr(build, "read_figures", read_figures)
        patched.setattr(build, "connect", lambda **names: names)
        week = parse_period("2026-W48")
        build.build_reports(week, [samples.GERMANY], RUN)
        built = build.build_reports(week, [WHOLE, samples.GERMANY, TEXTILES], RUN)
    warehouse = {"dag": "weekly_report", "step": "report"}
    assert asked[1] == (warehouse, week, [WHOLE, samples.GERMANY, TEXTILES])
    return folder, built


def test_each_slice_has_a_folder_of_its_own_without_a_letter_of_the_data(reports):
    folder, built = reports
    assert list(built) == [WHOLE, samples.GERMANY, TEXTILES]
    keys = [archive.slice_key(only) for only in (samples.GERMANY, TEXTILES)]
    assert {path.name for path in folder.iterdir()} == {"weeks", "slices"}
    assert {path.name for path in (folder / "slices").iterdir()} == set(keys)
    assert built[WHOLE].uri == f"file://{folder}/weeks/2026-11-23"
    assert built[TEXTILES].uri == f"file://{folder}/slices/{keys[1]}/weeks/2026-11-23"
    for only, report in built.items():
        of_slice = archive.archive_of("week", only)
        figures = of_slice.read_figures(report.uri)
        assert figures == report.figures
        assert figures.only == only
        assert figures.provenance.run_id == RUN.run_id
        assert figures.provenance.timezone == "Europe/Berlin"
        assert report.figures_hash == figures_hash(figures)
        assert of_slice.days(f"file://{folder}") == [date(2026, 11, 23)]


def test_a_week_has_every_file_of_its_page_and_a_slice_of_a_day_what_is_mailed(
    reports, tmp_path
):
    folder, _ = reports
    files = {path.name for path in (folder / "weeks/2026-11-23").iterdir()}
    assert files == {*archive.FILES, "mail.json", "manifest.json"}
    report = build.archive_report(f"file://{tmp_path}", samples.sliced_day())
    files = {path.name for path in samples.folder(report).iterdir()}
    assert files == {
        "report.pdf",
        "figures.csv",
        "figures.json",
        "mail.json",
        "manifest.json",
    }


def test_the_mail_of_an_archived_report_has_its_document_and_picture(reports):
    folder, built = reports
    report = built[WHOLE]
    for locale in ("", "en_US", "en-US"):
        mail = build.mail_of(report, locale)
        week = folder / "weeks/2026-11-23"
        assert mail.pdf == (week / "report.pdf").read_bytes()
        assert mail.picture == (week / "days.png").read_bytes()
        assert mail.texts["days_cid"] == "days@report"
        assert mail.texts["tiles"][0]["value"] == "142,300.50"
        assert Image.open(BytesIO(mail.picture)).width > 1000


def test_the_mail_in_another_locale_has_a_document_and_a_picture_of_its_own(reports):
    _, built = reports
    own = build.mail_of(built[samples.GERMANY])
    mail = build.mail_of(built[samples.GERMANY], "de_DE")
    assert mail.texts["tiles"][0]["value"] == "142.300,50"
    assert mail.texts["slice"] == "Österreich and Deutschland"
    words = PdfReader(BytesIO(mail.pdf)).pages[0].extract_text()
    assert "142.300,50" in words
    assert "142,300.50" not in words
    assert mail.picture != own.picture
    assert build.mail_of(built[samples.GERMANY]).texts == own.texts


def test_a_day_has_no_picture_and_no_page(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    report = build.archive_report(f"file://{tmp_path}", samples.sliced_day())
    mail = build.mail_of(report)
    assert mail.picture is None
    assert mail.texts["days_cid"] == ""
    assert mail.texts["page_url"] == ""
    assert mail.pdf.startswith(b"%PDF-")


def test_a_report_that_a_newer_run_has_replaced_is_not_mailed(tmp_path):
    uri = f"file://{tmp_path}"
    report = build.archive_report(uri, samples.sliced_day())
    build.archive_report(uri, samples.sliced_day(currency="EUR"))
    with pytest.raises(StagingError, match="newer run has replaced it"):
        build.mail_of(report)


def test_the_same_figures_give_the_same_bytes(reports, tmp_path):
    _, built = reports
    again = build.archive_report(f"file://{tmp_path}", built[WHOLE].figures)
    for name in ("report.pdf", "page-1.png", "days.png", "days.svg", "figures.csv"):
        content = (samples.folder(again) / name).read_bytes()
        assert content == (samples.folder(built[WHOLE]) / name).read_bytes()
