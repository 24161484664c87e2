"""What a reader should know of the day, found in its figures: at most three findings, the weightiest first.

A finding is a kind, what it is about, and its numbers. `words` makes the sentence, so that the numbers can be
recomputed and the sentence follows the locale. The rules are in docs/DEFINITIONS.md, *Findings*: what is
incomplete comes first, then what weighs most in money. A day that is incomplete, or may be, has no other
findings: half a day looks like a slump.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from ecommerce.core import text
from ecommerce.sales.report import changes, expectation, implausible
from ecommerce.sales.report.model import Part

if TYPE_CHECKING:
    from ecommerce.sales.report.figures import Figures

MOST = 3
MOST_CONTRIBUTIONS = 2
WORTH_A_WORD = Decimal("0.03")
"""Of the sales that a change, or a miss of the forecast, is measured by."""
LARGEST_PART = Decimal(1) / 3
"""What a contributor must have of the change."""
UNUSUAL_POINTS = Decimal("0.02")
UNUSUAL_PART = Decimal("0.5")
"""A rate is unusual that lies so many points, and such a part of its average, beside its average."""
FEWEST_DAYS = 10
"""Averages of fewer days say nothing."""
AMOUNTS = (
    *("change", "total_change", "actual", "forecast", "lower_80", "upper_80"),
    *("amount", "base_amount", "effect"),
)
"""The numbers of findings that are amounts in reporting currency."""

MISSING, EMPTY, DOUBTFUL, UNCONVERTED = "missing", "empty", "doubtful", "unconverted"
IMPLAUSIBLE = "implausible"
UNUSUAL_SALES, UNUSUAL_RATE, CONTRIBUTION = "unusual_sales", "unusual_rate", "contribution"


class Finding(Part):
    """`kind` says which sentence it is, `about` the names in it in their order, `numbers` its figures by
    their names: amounts in reporting currency, shares as fractions of one.

    | kind | about | numbers |
    |---|---|---|
    | missing | sources; `partner_files: <partner>` | |
    | empty | sources; `partner_files: <partner>` | |
    | doubtful | sources; `partner_files: <partner>` | |
    | unconverted | currencies | orders |
    | implausible | an amount's kind, source, order | amount, base_amount, effect (on net sales), orders |
    | unusual_sales | the forecast's series, the verdict | actual, forecast, lower_80, upper_80 |
    | unusual_rate | a name of `figures.RATES` | rate, average, days |
    | contribution | kind, name, base (ISO date) | change, total_change, share |
    """

    kind: str
    about: list[str] = Field(default_factory=list)
    numbers: dict[str, Decimal] = Field(default_factory=dict)


def find(figures: Figures) -> list[Finding]:
    """The findings of a day; none where there is nothing to say."""
    found = [*_incomplete(figures), *_implausible(figures)]
    if not figures.caveat:
        weighed = [*_unusual_sales(figures), *_unusual_rates(figures), *_contributions(figures)]
        # A sort keeps the order of equals, so that the same figures always have the same findings.
        found += [finding for _, finding in sorted(weighed, key=lambda each: -each[0])]
    return found[:MOST]


Weighed = Iterator[tuple[Decimal, Finding]]
"""Findings with the amount that they are about."""


def _incomplete(figures: Figures) -> Iterator[Finding]:
    quality = figures.quality
    if quality.missing_sources:
        yield Finding(kind=MISSING, about=sorted(quality.missing_sources))
    if quality.empty_sources:
        yield Finding(kind=EMPTY, about=sorted(quality.empty_sources))
    if quality.doubtful_sources:
        yield Finding(kind=DOUBTFUL, about=sorted(quality.doubtful_sources))
    if quality.unconverted:
        orders = Decimal(sum(each.orders for each in quality.unconverted))
        about = [each.currency for each in quality.unconverted]
        yield Finding(kind=UNCONVERTED, about=about, numbers={"orders": orders})


def _implausible(figures: Figures) -> Iterator[Finding]:
    """Also of a day that is incomplete: they compare the day with nothing."""
    gross = figures.headline["gross_sales"].value or Decimal(0)
    if found := implausible.worth_a_word(figures.implausible, gross):
        largest, effect, orders = found
        numbers = {"amount": largest.amount, "base_amount": largest.base_amount}
        numbers |= {"effect": effect, "orders": Decimal(orders)}
        yield Finding(
            kind=IMPLAUSIBLE, about=[largest.kind, largest.source, largest.order_id], numbers=numbers
        )


def _without_rate(figures: Figures) -> tuple[set[str], set[str]]:
    """The currencies without an exchange rate: of the day, and of the day that it is compared with."""
    found = figures.changes
    return {each.currency for each in figures.quality.unconverted}, set(found.unconverted if found else ())


def _unusual_sales(figures: Figures) -> Weighed:
    """The day against its forecast; where the whole is as expected, the series that missed it most."""
    now, before = _without_rate(figures)
    if now - before:  # Forecasts are made from days that had these rates: sales would seem too low.
        return
    series = figures.expectation.series if figures.expectation else []
    total = next((each for each in series if each.series == expectation.TOTAL), None)
    if total is None:
        return
    if total.verdict in ("unusual", "very unusual"):
        yield _missed(total), _sales(total)
        return
    worth = WORTH_A_WORD * total.actual
    others = [each for each in series if each.verdict == "very unusual" and _missed(each) >= worth > 0]
    if others:
        most = max(others, key=_missed)
        yield _missed(most), _sales(most)


def _missed(each: expectation.Expected) -> Decimal:
    return abs(each.actual - each.forecast)


def _sales(each: expectation.Expected) -> Finding:
    names = ("actual", "forecast", "lower_80", "upper_80")
    numbers = {name: getattr(each, name) for name in names}
    return Finding(kind=UNUSUAL_SALES, about=[each.series, each.verdict or ""], numbers=numbers)


def _unusual_rates(figures: Figures) -> Weighed:
    if figures.averaged_days < FEWEST_DAYS:
        return
    gross = figures.headline["gross_sales"].value or Decimal(0)
    for name in ("return_rate", "discount_rate"):
        rate, average = figures.rates[name].value, figures.rates[name].average
        if rate is None or average is None:
            continue
        beside = abs(rate - average)
        if beside >= UNUSUAL_POINTS and beside >= UNUSUAL_PART * average:
            numbers = {"rate": rate, "average": average, "days": Decimal(figures.averaged_days)}
            yield beside * gross, Finding(kind=UNUSUAL_RATE, about=[name], numbers=numbers)


def _contributions(figures: Figures) -> Weighed:
    """Of categories, channels and countries, the one each that contributes most to the change, where it
    explains much of it and more than its size does."""
    found = figures.changes
    total = found.now - found.before if found else Decimal(0)
    now, before = _without_rate(figures)
    if now != before:  # What seems to have come or gone may only have been converted, or not.
        return
    if found is None or not total or abs(total) < WORTH_A_WORD * abs(found.before):
        return
    candidates = []
    for kind in ("category", "channel", "country"):
        for each in getattr(found, changes.KINDS[kind]):
            change = each.now - each.before
            share = change / total
            size = each.before / found.before if found.before > 0 else Decimal(0)
            if share >= LARGEST_PART and share > size:
                numbers = {"change": change, "total_change": total, "share": _share(share)}
                about = [kind, each.name, found.base.isoformat()]
                candidates.append((abs(change), Finding(kind=CONTRIBUTION, about=about, numbers=numbers)))
                break
    yield from sorted(candidates, key=lambda each: -each[0])[:MOST_CONTRIBUTIONS]


def _share(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.000001"))


def words(finding: Finding, currency: str) -> str:
    """The sentence. `currency`: the reporting currency."""
    return _SENTENCES[finding.kind](finding, currency)


def _missing_words(finding: Finding, currency: str) -> str:
    names = _names(finding.about)
    return f"{_listed(names)} {_are(names)} missing, so figures of this day will change."


def _empty_words(finding: Finding, currency: str) -> str:
    names = _names(finding.about)
    return f"{_listed(names)} brought no order at all, which is unusual, so figures of this day may change."


def _doubtful_words(finding: Finding, currency: str) -> str:
    names = _names(finding.about)
    return f"The day may be incomplete: {_listed(names)} {_have(names)} far fewer sales than usual, or none."


def _unconverted_words(finding: Finding, currency: str) -> str:
    names = [text.clean(each) for each in finding.about]
    orders = finding.numbers["orders"]
    what = f"{text.count(orders)} order{'' if orders == 1 else 's'} in {_listed(names)}"
    if not orders:
        return f"Returns in {_listed(names)} are in no amount: no exchange rate is known."
    return f"{what} {'is' if orders == 1 else 'are'} in no amount: no exchange rate is known."


def _implausible_words(finding: Finding, currency: str) -> str:
    kind, source, order = finding.about
    numbers = finding.numbers
    amount, base, effect = (
        text.amount(value, currency)
        for value in (numbers["amount"], numbers["base_amount"], abs(numbers["effect"]))
    )
    what = {
        implausible.DISCOUNT: f"a discount of {amount} on {base}",
        implausible.NEGATIVE_DISCOUNT: f"a negative discount of {amount}",
        implausible.REFUND: f"refunds of {amount} on a total of {base}",
    }[kind]
    others = int(numbers["orders"]) - 1
    and_others = f" and {text.count(others)} other order{'' if others == 1 else 's'}" if others else ""
    direction = "higher" if numbers["effect"] > 0 else "lower"
    return (
        f"{text.source_name(source)} order {text.clean(order)} has {what}. "
        f"Net sales are {effect} {direction} for it{and_others}."
    )


def _sales_words(finding: Finding, currency: str) -> str:
    series, verdict = finding.about
    numbers = finding.numbers
    actual, forecast, low, high = (
        text.amount(numbers[name], currency) for name in ("actual", "forecast", "lower_80", "upper_80")
    )
    kind, _, name = series.partition(":")
    of = "" if kind == expectation.TOTAL else f" of {_of(kind, name)}"
    direction = "high" if numbers["actual"] > numbers["forecast"] else "low"
    how = verdict.replace("unusual", "unusually")
    return (
        f"Gross sales{of} are {how} {direction}: {actual}, where {forecast} was forecast, "
        f"on four days of five {low} to {high}."
    )


def _rate_words(finding: Finding, currency: str) -> str:
    numbers = finding.numbers
    rate, average = (text.share(numbers[name], Decimal(1)) for name in ("rate", "average"))
    what = {"discount_rate": "Discounts", "return_rate": "Returns"}[finding.about[0]]
    return f"{what} are {rate} of gross sales; the {text.average_name(int(numbers['days']))} is {average}."


def _contribution_words(finding: Finding, currency: str) -> str:
    kind, name, base = finding.about
    numbers = finding.numbers
    change, total = numbers["change"], numbers["total_change"]
    amount, whole = (text.amount(abs(value), currency) for value in (change, total))
    direction = "rise" if total > 0 else "fall"
    if name == "unallocated" and kind == "category":
        did = f"Returns of no single category took {amount} {'less' if change > 0 else 'more'}"
    else:
        did = f"{_contributor(kind, name)} brought {amount} {'more' if change > 0 else 'less'}"
    share = numbers["share"]
    part = f"{text.share(share, Decimal(1))} of" if share <= 1 else "more than"
    return f"{did} than on {text.short_day(date.fromisoformat(base))}, {part} the {direction} of {whole}."


_SENTENCES = {
    MISSING: _missing_words,
    EMPTY: _empty_words,
    DOUBTFUL: _doubtful_words,
    UNCONVERTED: _unconverted_words,
    IMPLAUSIBLE: _implausible_words,
    UNUSUAL_SALES: _sales_words,
    UNUSUAL_RATE: _rate_words,
    CONTRIBUTION: _contribution_words,
}


def _contributor(kind: str, name: str) -> str:
    if kind == "channel":
        return text.source_name(name)
    if kind == "country":
        return "Orders without a country" if name == "ZZ" else text.country(name)
    return "Products without a category" if name == "uncategorised" else text.clean(name)


def _of(kind: str, name: str) -> str:
    return text.source_name(name) if kind == expectation.CHANNEL else text.clean(name)


def _names(sources: list[str]) -> list[str]:
    """The partner of `partner_files: <partner>`, or the source."""
    parts = (each.partition(": ") for each in sources)
    return [text.clean(partner) or text.source_name(source) for source, _, partner in parts]


def _listed(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"
