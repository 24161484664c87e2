"""What is unusual about a day and no driver of its change: implausible amounts, rates far from their average,
a series far from its forecast, and units distorted by one product."""

from collections.abc import Collection, Iterator
from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.templates import render
from ecommerce.reporting.parts import total
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.returns import ReturnReason
from ecommerce.sales.report.figures.summary import Unusual
from ecommerce.sales.report.texts.drivers import LONGEST_NAME, SMALLEST_PART
from ecommerce.sales.report.texts.forecast import series_name, verdict_words
from ecommerce.sales.report.texts.headline import averaged_days_of
from ecommerce.sales.report.texts.products import product_name
from ecommerce.sales.report.texts.returns import reason_name

UNUSUAL_PART = Decimal("0.5")
"""Of its average: a rate that is closer to it is usual."""
FEWEST_DAYS = 10
"""Averages of fewer days are not compared with."""
FEWEST_REFUNDS = 3
LARGE_PART = Decimal("0.5")
"""Refunds, and part of the returns, for a reason to be named."""
UNITS_PART = Decimal("0.5")
"""Of the units of the compared day: a smaller change of units is not stated."""
DISTORTING_PART = Decimal("0.3")
"""Of the units, for one product with hardly any sales."""


def most_unusual(figures: Figures, named: Collection[str]) -> Unusual | None:
    """Return implausible amounts, else the largest unusual amount that is not about one of the `named`
    drivers. A day that is or may be incomplete has no others: half a day looks unusual."""
    implausible = _implausible(figures)
    if implausible or figures.caveat:
        return implausible
    found = [*_rates(figures, named), *_series(figures, named), *_units(figures)]
    return max(found, key=lambda unusual: unusual.amount, default=None)


def _unusual(kind: str, about: str, amount: Decimal, **facts: object) -> Unusual:
    texts = {"kind": kind, "about": about, "amount": amount, **facts}
    words = render("summary/unusual.txt", texts).strip()
    return Unusual(kind=kind, about=about, amount=amount, words=words)


def _implausible(figures: Figures) -> Unusual | None:
    """Return the amounts that change net sales in the direction of the largest one."""
    if not figures.implausible:
        return None
    largest = figures.implausible[0]
    alike = [row for row in figures.implausible if row.effect * largest.effect > 0]
    effect = abs(total(alike, "effect"))
    if effect < SMALLEST_PART * figures.value("gross_sales") or not effect:
        return None
    others = len(alike) - 1
    about = largest.order_id
    return _unusual("implausible", about, effect, largest=largest, others=others)


def _rates(figures: Figures, named: Collection[str]) -> Iterator[Unusual]:
    gross_sales = figures.value("gross_sales")
    for name, rate_name in (("returns", "return_rate"), ("discounts", "discount_rate")):
        # Reports of an earlier version have no rates.
        rate = figures.rates.get(rate_name)
        if rate is None or rate.value is None or rate.average is None or name in named:
            continue
        distance = abs(rate.value - rate.average)
        is_far = distance >= UNUSUAL_PART * rate.average
        is_known = averaged_days_of(figures, rate_name) >= FEWEST_DAYS
        amount = distance * gross_sales
        if is_known and is_far and amount >= SMALLEST_PART * gross_sales:
            reason = None
            if name == "returns" and rate.value > rate.average:
                reason = _main_reason(figures)
            yield _unusual(
                rate_name,
                name,
                amount,
                rate=rate,
                reason=reason,
                reason_name=reason_name,
                reasons=figures.return_reasons,
            )


def _main_reason(figures: Figures) -> ReturnReason | None:
    """Return the reason that most of the returns have, if there is one. A long or rare reason may be a
    customer's own text, which no mail or chat message contains."""
    if not figures.return_reasons:
        return None
    largest = figures.return_reasons[0]
    least = LARGE_PART * total(figures.return_reasons, "amount")
    is_code = 0 < len(reason_name(largest)) <= LONGEST_NAME
    is_large = largest.refunds >= FEWEST_REFUNDS and largest.amount >= least
    return largest if is_code and is_large else None


def _series(figures: Figures, named: Collection[str]) -> Iterator[Unusual]:
    """Yield the channels and categories that are outside their 95 % interval."""
    if figures.expectation is None:
        return
    gross_sales = figures.value("gross_sales")
    ended = figures.changes.ended if figures.changes else []
    for expected in figures.expectation.series:
        about = expected.series.partition(":")[2]
        # The whole shop has no name.
        if not about or about in (*named, *ended) or expected.verdict != "very unusual":
            continue
        amount = abs(expected.actual - expected.forecast)
        if amount >= SMALLEST_PART * gross_sales > 0:
            yield _unusual(
                "series",
                about,
                amount,
                expected=expected,
                name=series_name(expected.series),
                verdict=verdict_words(expected),
            )


def _units(figures: Figures) -> Iterator[Unusual]:
    """Yield a product with a large part of the units and hardly any sales, where units have changed."""
    units = figures.headline["units"]
    before = units.week_before or units.day_before
    product = figures.most_units
    if not units.value or not before or product is None:
        return
    least = SMALLEST_PART * figures.value("net_sales")
    has_changed = abs(units.value - before) >= UNITS_PART * before
    is_large = product.units >= DISTORTING_PART * units.value
    if has_changed and is_large and product.sales < least:
        yield _unusual(
            "units",
            product.sku,
            product.sales,
            units=units.value,
            before=before,
            product=product,
            name=text.clean(product_name(product), LONGEST_NAME),
            currency=figures.currency,
        )
