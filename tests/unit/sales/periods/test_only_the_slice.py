"""Every number in a slice's mail, PDF and CSV is one of the slice.

Reports of the whole shop and of random slices are built in the same run. All their amounts and counts are
random and at least 1,000, so a number of another slice is not one of this slice by chance.
"""

import re
from decimal import Decimal
from io import BytesIO
from random import Random

import pytest
from pypdf import PdfReader

from ecommerce.core import text
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.periods import parse_period
from ecommerce.reporting.parts import Part
from ecommerce.sales.periods import archive, build
from ecommerce.sales.periods.figures import PeriodDay, PeriodProduct
from ecommerce.sales.report.figures.returns import ReturnReason
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
    """Return the figures of a slice; in one of four, nothing can be compared with."""
    has_base = random.random() < 0.75

    def amount():
        return Decimal(random.randint(100_000, 99_999_999)) / 100

    def count():
        return random.randint(1000, 99_999)

    def base():
        return amount() if has_base else None

    headline = {}
    for name, meaning in HEADLINE.items():
        draw = amount if meaning.kind == "money" else count
        value, before, earlier = draw(), draw(), draw()
        bases = (before, earlier) if has_base else ()
        headline[name] = samples.compared(value, *bases)

    def rows(dimension):
        names = getattr(only, dimension) or VALUES[dimension]
        made = []
        for name in names:
            row = samples.period_row(name, amount(), base(), count())
            others = {
                "units": Decimal(count()),
                "gross_sales": amount(),
                "discounts": amount(),
                "returns": amount(),
            }
            made.append(row.model_copy(update=others))
        return made

    def products():
        return [
            PeriodProduct(
                sku=f"SKU-{place}",
                name=f"Product {place}",
                category="Kitchen",
                units=Decimal(count()),
                sales=amount(),
                before=base(),
            )
            for place in range(3)
        ]

    reason = ReturnReason(reason="broken", refunds=count(), amount=amount())
    days = [
        PeriodDay(
            day=day,
            complete=random.random() < 0.95,
            net_sales=amount(),
            orders=count(),
            forecast=amount() if random.random() < 0.5 else None,
        )
        for day in period.days
    ]
    return samples.make(
        str(period),
        **samples.sliced()
        | {
            "only": only,
            "headline": headline,
            "days": days,
            "channels": rows("channel"),
            "categories": rows("category"),
            "countries": rows("country"),
            "shops": rows("shop"),
            "products": products(),
            "rising": products() if has_base else [],
            "falling": products() if has_base else [],
            "return_reasons": [reason, reason.model_copy(update={"amount": amount()})],
            "provenance": origin,
        },
    )


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
    for rows, field in (
        (figures.channels, "net_sales"),
        (figures.categories, "net_sales"),
        (figures.countries, "net_sales"),
        (figures.shops, "net_sales"),
        (figures.return_reasons, "amount"),
    ):
        amounts = [getattr(row, field) for row in rows]
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
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}")
    monkeypatch.setattr(build, "connect", lambda **_: None)

    def check_reports(period_text, seed):
        random = Random(seed)
        made = {WHOLE: None}
        while len(made) < 5:
            made[random_slice(random)] = None

        def read_figures(_, period, slices, origin):
            figures = {}
            for only in slices:
                figures[only] = random_figures(random, period, only, origin)
            return figures

        monkeypatch.setattr(build, "read_figures", read_figures)
        reports = build.build_reports(parse_period(period_text), list(made), RUN)
        for only, report in reports.items():
            allowed = numbers_of(report.figures)
            for name, words in texts_of(report).items():
                outside = read(words) - allowed
                assert not outside, (only, name, outside)
                if name in ("text", "html", "pdf", "csv"):
                    assert len(read(words)) > 20, name

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


@pytest.mark.slow
@pytest.mark.parametrize("period", ["2026-11-28", "2026-W48"])
def test_the_numbers_of_random_documents(check, period):
    check(period, 1)


@pytest.mark.nightly
@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("seed", range(10, 20))
def test_the_numbers_of_more_random_documents(check, period, seed):
    check(period, seed)
