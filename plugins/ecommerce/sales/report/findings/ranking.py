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
from ecommerce.sales.report.figures import contributions, forecast_comparison, implausible, upcoming
from ecommerce.sales.report.figures.base import Part

if TYPE_CHECKING:
    from ecommerce.sales.report.figures.model import Figures

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
    *("change", "total_change", "actual", "forecast", "lower_80", "upper_80", "began", "ended"),
    *("amount", "base_amount", "effect"),
)
"""The numbers of findings that are amounts in reporting currency."""

MISSING, EMPTY, DOUBTFUL, UNCONVERTED = "missing", "empty", "doubtful", "unconverted"
IMPLAUSIBLE = "implausible"
UNUSUAL_SALES, UNUSUAL_RATE, CONTRIBUTION = "unusual_sales", "unusual_rate", "contribution"
CHANNELS = "channels"


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
    | unusual_sales | the forecast's series, the verdict, currencies left out | actual, forecast, lower_80, \
      upper_80 |
    | unusual_rate | a name of `figures.RATES` | rate, average, days |
    | contribution | kind, name, base (ISO date), currencies and `channel:<name>` left out | change, \
      total_change, share |
    | channels | base, `began:<name>` and `ended:<name>` of channels | began, ended |
    """

    kind: str
    about: list[str] = Field(default_factory=list)
    numbers: dict[str, Decimal] = Field(default_factory=dict)


def find(figures: Figures) -> list[Finding]:
    """The findings of a day; none where there is nothing to say."""
    found = [*_incomplete(figures), *_implausible(figures)]
    if not figures.caveat:
        weighed = [
            *(*_unusual_sales(figures), *_unusual_rates(figures)),
            *(*_channels(figures), *_contributions(figures)),
        ]
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


def _unusual_sales(figures: Figures) -> Weighed:
    """The day against its forecast; where the whole is as expected, the series that missed it most."""
    expected = figures.expectation
    series, without = (expected.series, expected.without) if expected else ([], [])
    total = next((each for each in series if each.series == forecast_comparison.TOTAL), None)
    if total is None:
        return
    if total.verdict in ("unusual", "very unusual"):
        yield _missed(total), _sales(total, without)
        return
    worth = WORTH_A_WORD * total.actual
    ended = (
        [f"{forecast_comparison.CHANNEL}:{name}" for name in figures.changes.ended] if figures.changes else []
    )
    others = [
        each
        for each in series
        if each.verdict == "very unusual" and _missed(each) >= worth > 0 and each.series not in ended
    ]
    if others:
        most = max(others, key=_missed)
        yield _missed(most), _sales(most, without)


def _missed(each: forecast_comparison.Expected) -> Decimal:
    return abs(each.actual - each.forecast)


def _sales(each: forecast_comparison.Expected, without: list[str]) -> Finding:
    names = ("actual", "forecast", "lower_80", "upper_80")
    numbers = {name: getattr(each, name) for name in names}
    return Finding(kind=UNUSUAL_SALES, about=[each.series, each.verdict or "", *without], numbers=numbers)


def _unusual_rates(figures: Figures) -> Weighed:
    gross = figures.headline["gross_sales"].value or Decimal(0)
    for name in ("return_rate", "discount_rate"):
        rate, average = figures.rates[name].value, figures.rates[name].average
        days = figures.averaged_days_of(name)
        if rate is None or average is None or days < FEWEST_DAYS:
            continue
        beside = abs(rate - average)
        if beside >= UNUSUAL_POINTS and beside >= UNUSUAL_PART * average:
            numbers = {"rate": rate, "average": average, "days": Decimal(days)}
            yield beside * gross, Finding(kind=UNUSUAL_RATE, about=[name], numbers=numbers)


def _channels(figures: Figures) -> Weighed:
    """Channels that began or ended since the other day, all in one: they are no cause among others."""
    found = figures.changes
    if not found or not found.like_for_like:
        return
    moved = {each.name: each.now - each.before for each in found.channels}
    began, ended = (
        sum((moved.get(name, Decimal(0)) for name in names), Decimal(0))
        for names in (found.began, found.ended)
    )
    weight = max(abs(began), abs(ended))
    if weight and weight >= WORTH_A_WORD * abs(found.before):
        about = [found.base.isoformat(), *(f"began:{name}" for name in found.began)]
        about += [f"ended:{name}" for name in found.ended]
        yield weight, Finding(kind=CHANNELS, about=about, numbers={"began": began, "ended": ended})


def _contributions(figures: Figures) -> Weighed:
    """Of categories, channels and countries, the one each that contributes most to the change, where it
    explains much of it and more than its size does; without channels that began or ended."""
    whole = figures.changes
    if whole is None:
        return
    found = whole.like_for_like or whole
    total = found.now - found.before
    if not total or abs(total) < WORTH_A_WORD * abs(found.before):
        return
    without = [*whole.unconverted, *(f"channel:{name}" for name in sorted([*whole.began, *whole.ended]))]
    candidates = []
    for kind in ("category", "channel", "country"):
        for each in getattr(found, contributions.KINDS[kind]):
            change = each.now - each.before
            share = change / total
            size = each.before / found.before if found.before > 0 else Decimal(0)
            if share >= LARGEST_PART and share > size:
                numbers = {"change": change, "total_change": total, "share": _share(share)}
                about = [kind, each.name, whole.base.isoformat(), *without]
                candidates.append((abs(change), Finding(kind=CONTRIBUTION, about=about, numbers=numbers)))
                break
    yield from sorted(candidates, key=lambda each: -each[0])[:MOST_CONTRIBUTIONS]


def _share(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.000001"))


def sentences(figures: Figures) -> list[str]:
    """The findings of a day in words, and last what is coming."""
    coming = upcoming.sentence(figures.outlook, figures.currency)
    return [*(words(each, figures.currency) for each in figures.findings), *([coming] if coming else [])]


def words(finding: Finding, currency: str) -> str:
    """The sentence. `currency`: the reporting currency."""
    return _SENTENCES[finding.kind](finding, currency)


def _missing_words(finding: Finding, currency: str) -> str:
    names = _names(finding.about)
    return f"{text.listed(names)} {_are(names)} missing, so figures of this day will change."


def _empty_words(finding: Finding, currency: str) -> str:
    names = _names(finding.about)
    return f"{text.listed(names)} unusually had no orders, so figures of this day may change."


def _doubtful_words(finding: Finding, currency: str) -> str:
    names = _names(finding.about)
    return (
        f"The day may be incomplete: {text.listed(names)} {_have(names)} far fewer sales than usual, or none."
    )


def _unconverted_words(finding: Finding, currency: str) -> str:
    names = [text.clean(each) for each in finding.about]
    orders = finding.numbers["orders"]
    what = f"{text.count(orders)} order{'' if orders == 1 else 's'} in {text.listed(names)}"
    if not orders:
        return f"Returns in {text.listed(names)} are in no amount: no exchange rate is known."
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
    series, verdict, *without = finding.about
    numbers = finding.numbers
    actual, forecast, low, high = (
        text.amount(numbers[name], currency) for name in ("actual", "forecast", "lower_80", "upper_80")
    )
    kind, _, name = series.partition(":")
    of = "" if kind == forecast_comparison.TOTAL else f" of {_of(kind, name)}"
    where = "above" if numbers["actual"] > numbers["forecast"] else "below"
    interval = "95 %" if verdict == "very unusual" else "80 %"
    changed = text.change(numbers["actual"], numbers["forecast"])
    versus = "" if changed == text.NOTHING else f", {changed} vs forecast"
    return (
        f"Gross sales{of} are {where} the {interval} interval: {actual}{versus}{_left_out(without)} "
        f"(forecast {forecast}, 80 % interval {low} \N{EN DASH} {high})."
    )


def _rate_words(finding: Finding, currency: str) -> str:
    numbers = finding.numbers
    rate, average = (text.share(numbers[name], Decimal(1)) for name in ("rate", "average"))
    what = {"discount_rate": "Discounts", "return_rate": "Returns"}[finding.about[0]]
    return f"{what} are {rate} of gross sales; the {text.average_name(int(numbers['days']))} is {average}."


def _channels_words(finding: Finding, currency: str) -> str:
    base, *named = finding.about
    parts = []
    for what in ("began", "ended"):
        names = [
            text.source_name(name) for each, _, name in (one.partition(":") for one in named) if each == what
        ]
        if names:
            change = text.signed(finding.numbers[what], currency)
            parts.append(f"{text.listed(names)} {what} ({change})")
    since = text.short_day(date.fromisoformat(base))
    return f"Change of channels since {since}: {', '.join(parts)}."


def _contribution_words(finding: Finding, currency: str) -> str:
    kind, name, base, *without = finding.about
    numbers = finding.numbers
    change, share = numbers["change"], numbers["share"]
    direction = "increase" if numbers["total_change"] > 0 else "decrease"
    part = f"{text.share(share, Decimal(1), 0)} of" if share <= 1 else "more than all of"
    versus = f"{text.signed(change, currency)} vs {text.short_day(date.fromisoformat(base))}"
    who = _contributor(kind, name)
    if name == "unallocated" and kind == "category":
        who = text.category(name)
    verb = "account" if _is_plural(kind, name) else "accounts"
    said = f"{who} {verb} for {part} the {direction}: {versus}{_left_out(without)}"
    return f"{said.removesuffix('.')}."  # a day such as `Do., 12. Nov.` ends with one


def _left_out(names: list[str]) -> str:
    """`, without BRL and Old shop`; nothing where nothing is left out."""
    said = [text.source_name(each[8:]) if each.startswith("channel:") else text.clean(each) for each in names]
    return f", without {text.listed(said)}" if said else ""


def _is_plural(kind: str, name: str) -> bool:
    if kind == "country":
        return name == "ZZ"
    plural = name.endswith("s") and not name.endswith("ss")
    return kind == "category" and (plural or name in ("unallocated", "uncategorised"))


_SENTENCES = {
    MISSING: _missing_words,
    EMPTY: _empty_words,
    DOUBTFUL: _doubtful_words,
    UNCONVERTED: _unconverted_words,
    IMPLAUSIBLE: _implausible_words,
    UNUSUAL_SALES: _sales_words,
    UNUSUAL_RATE: _rate_words,
    CONTRIBUTION: _contribution_words,
    CHANNELS: _channels_words,
}


def _contributor(kind: str, name: str) -> str:
    if kind == "channel":
        return text.source_name(name)
    if kind == "country":
        return "Orders without a country" if name == "ZZ" else text.country(name)
    return "Products without a category" if name == "uncategorised" else text.clean(name)


def _of(kind: str, name: str) -> str:
    return text.source_name(name) if kind == forecast_comparison.CHANNEL else text.clean(name)


def _names(sources: list[str]) -> list[str]:
    """The partner of `partner_files: <partner>`, or the source."""
    parts = (each.partition(": ") for each in sources)
    return [text.clean(partner) or text.source_name(source) for source, _, partner in parts]


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"
