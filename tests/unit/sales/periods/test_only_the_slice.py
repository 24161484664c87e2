"""Every number in a slice's mail, PDF and CSV is one of the slice.

Reports of the whole shop and of random slices are built in the same run. All their amounts and counts are
random and at least 1,000, so a number of another slice is not one of this slice by chance. A slice has the
same files when it is built alone.
"""

import re
from decimal import Decimal
from io import BytesIO
from random import Random

import pytest
from pypdf import PdfReader

from ecommerce.core import text
from ecommerce.core.periods import parse_period
from ecommerce.reporting.parts import Part
from ecommerce.sales.periods import archive, build
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.periods.texts.names import slice_name
from ecommerce.sales.report_mail import read_mail
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.storage.staging import DagRun
from tests.unit.pages.reading import text_of
from tests.unit.sales.periods import samples

RUN = DagRun("daily_sales_pipeline", "scheduled__x")
NO_DOCUMENT = b"no document"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:[ \N{NO-BREAK SPACE}]?%)?")
TICK = re.compile(r"\b[\d.]+[kM]\b")
YEARS = {"2025", "2026", "2027"}
BASES = ("before", "year_before")
PARTS = ("channels", "categories", "countries", "shops")
VALUES = {
    "country": ("DE", "AT", "US", "GB", "FR", "JP"),
    "shop": ("shopify", "storefront", "sales_db"),
    "channel": ("shopify", "storefront", "sales_db", "agora"),
    "category": ("Lighting", "Textiles", "Kitchen"),
}


def random_slice(random):
    """Return a slice of one or two dimensions."""
    limits = {}
    for dimension in random.sample(list(VALUES), random.randint(1, 2)):
        values = VALUES[dimension]
        limits[dimension] = tuple(random.sample(values, random.randint(1, 3)))
    return Slice(**limits)


def random_figures(random, period, only, origin):
    """Return the sample figures of a slice with other numbers; one in four can be compared with nothing."""
    has_base = random.random() < 0.75

    def number(value):
        if isinstance(value, bool):
            return random.random() < 0.95
        if isinstance(value, int):
            return random.randint(1000, 99_999)
        if isinstance(value, Decimal):
            return Decimal(random.randint(100_000, 99_999_999)) / 100
        return value

    def drawn(value, name=""):
        if isinstance(value, dict):
            return {key: drawn(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [drawn(inner) for inner in value]
        if name in BASES and not has_base:
            return None
        if name == "forecast" and random.random() < 0.5:
            return None
        return number(value)

    sample = samples.make(str(period), **samples.sliced())
    changes = {"only": only, "provenance": origin}
    if not only.is_whole:
        # The warehouse has restated days of the whole shop.
        changes["restated"] = samples.week().restated
    for part in PARTS:
        rows = getattr(sample, part)
        changes[part] = random.sample(rows, random.randint(1, len(rows)))
    if not has_base:
        changes |= {"rising": [], "falling": []}
    figures = sample.model_copy(update=changes)
    return PeriodFigures.model_validate(drawn(figures.model_dump()))


def parts_of(value):
    """Yield the parts of figures, with those inside."""
    if isinstance(value, Part):
        yield value
        for _, field in value:
            yield from parts_of(field)
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from parts_of(each)


def numbers_of(figures):
    """Return every number that the report of a slice may state, as it is written."""
    allowed = set()
    for part in parts_of(figures):
        fields = dict(part)
        for value in fields.values():
            if isinstance(value, int | Decimal):
                allowed |= written(value)
        now = fields.get("value", fields.get("net_sales", fields.get("sales")))
        for name in ("before", "year_before"):
            base = fields.get(name)
            if now is not None and base:
                allowed |= written(now - base) | percentages(now, base)
    customers = figures.headline["customers"].value
    for figure in ("new_customers", "returning_customers"):
        allowed.add(text.share(figures.headline[figure].value, customers))
    parts = [[reason.amount for reason in figures.return_reasons]]
    for name in PARTS:
        parts.append([row.net_sales for row in getattr(figures, name)])
    for amounts in parts:
        for amount in amounts:
            allowed.add(text.share(amount, sum(amounts)))
    numbers = set()
    for words in allowed:
        numbers.update(read(words))
    return numbers


def written(value):
    """Return the ways in which an amount or a count is written."""
    value = Decimal(value)
    ways = {text.amount(value, "USD"), text.count(value), text.quantity(value)}
    return ways | {format(abs(value), "f")}


def percentages(now, base):
    """Return the ways in which a change is written in percent."""
    changes = {text.change(now, base, places) for places in (0, 1)}
    return changes | {text.share(abs(now - base), base, 0)}


def read(words):
    """Return the numbers in words, without those of dates, weeks, pages and axes."""
    numbers = set()
    for found in NUMBER.findall(TICK.sub("", words)):
        number = found.replace("\N{NO-BREAK SPACE}", " ").rstrip(",")
        is_small = number.isdigit() and int(number) < 100
        if not is_small and number not in YEARS:
            numbers.add(number)
    return numbers


def texts_of(report):
    """Return every text that a slice's recipients can read, by its name; of a report without a document,
    those of the mail."""
    mail = read_mail(report)
    texts = mail.texts | {"subscription": "germany", "has_pdf": True}
    message = mail.compose(texts)
    html = message.get_body(("html",)).get_content()
    written = {
        "subject": message["Subject"],
        "text": message.get_body(("plain",)).get_content(),
        "html": text_of(html[html.index("<body") :]),
        "chat": mail.chat_text(texts),
        "csv": (samples.folder(report) / "figures.csv").read_text(),
    }
    if mail.pdf != NO_DOCUMENT:
        document = PdfReader(BytesIO(mail.pdf))
        written["pdf"] = "\n".join(page.extract_text() for page in document.pages)
        for name in ("/Title", "/Keywords"):
            written[name] = str(document.metadata.get(name))
    return written


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Build the reports of the whole shop and of four random slices, and read each number back."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("SHOP_TIMEZONE", "Europe/Berlin")
    monkeypatch.setattr(build, "connect", lambda **labels: labels)

    def build_in(name, period_text, slices):
        monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/{name}")
        return build.build_reports(parse_period(period_text), slices, RUN)

    def check_reports(period_text, seed):
        random = Random(seed)
        made = {WHOLE: None}
        while len(made) < 5:
            made[random_slice(random)] = None
        drawn = {}

        def read_figures(warehouse, period, slices, origin):
            assert warehouse == {"dag": RUN.dag_id, "step": "report"}
            assert (origin.run_id, origin.timezone) == (RUN.run_id, "Europe/Berlin")
            for only in slices:
                if only not in drawn:
                    drawn[only] = random_figures(random, period, only, origin)
            return {only: drawn[only] for only in slices}

        monkeypatch.setattr(build, "read_figures", read_figures)
        reports = build_in("all", period_text, list(made))
        assert list(reports) == list(made)
        for only, report in reports.items():
            assert only.is_whole or not report.figures.restated
            texts = read_mail(report).texts
            assert texts["currency"] == "USD"
            assert texts["slice"] == slice_name(only)
            allowed = numbers_of(report.figures)
            for name, words in texts_of(report).items():
                outside = read(words) - allowed
                assert not outside, (only, name, outside)
                if name in ("text", "html", "pdf", "csv"):
                    assert len(read(words)) > 10, name
        # Built without the others, the files of the last slice are the same.
        alone = build_in("alone", period_text, [only])[only]
        for path in samples.folder(alone).iterdir():
            if path.name != "manifest.json":
                together = samples.folder(report) / path.name
                assert path.read_bytes() == together.read_bytes(), path.name

    return check_reports


PERIODS = ("2026-11-28", "2026-W48", "2026-W53", "2026-11")


@pytest.mark.slow
@pytest.mark.parametrize("period", PERIODS)
def test_the_numbers_of_fifty_random_mails(check, period, monkeypatch):
    def write_document(figures, texts, folder):
        (folder / archive.PDF).write_bytes(NO_DOCUMENT)

    monkeypatch.setattr(build, "write_document", write_document)
    for seed in range(10):
        check(period, seed)


@pytest.mark.parametrize(
    "period", ["2026-11-28", pytest.param("2026-W48", marks=pytest.mark.slow)]
)
def test_the_numbers_of_random_documents(check, period):
    check(period, 1)


@pytest.mark.nightly
@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("seed", range(10, 20))
def test_the_numbers_of_more_random_documents(check, period, seed):
    check(period, seed)
