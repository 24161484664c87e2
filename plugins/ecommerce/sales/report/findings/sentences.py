"""The sentences of findings, in the locale of the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from ecommerce.core import text
from ecommerce.sales.report.figures import finding as kinds
from ecommerce.sales.report.figures.finding import Finding
from ecommerce.sales.report.figures.forecast_comparison import CHANNEL, TOTAL
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.figures.upcoming import BLACK_FRIDAY, DAYS, Outlook


def sentences(figures: Figures) -> list[str]:
    """Return the findings of a day as sentences, and last the coming week."""
    coming = upcoming_sentence(figures.outlook, figures.currency)
    return [*(sentence(each, figures.currency) for each in figures.findings), *([coming] if coming else [])]


def sentence(finding: Finding, currency: str) -> str:
    """Return the sentence of a finding; amounts are in `currency`."""
    return _SENTENCES[finding.kind](finding, currency)


def upcoming_sentence(outlook: Outlook | None, currency: str) -> str | None:
    """Return, for example, "Black Friday week: 228,848 USD gross sales expected, +33.1 % vs the last 7
    days."; None without a forecast."""
    if outlook is None:
        return None
    count = len(outlook.days)
    when = f"Next {count} days" if count > 1 else text.short_day(outlook.days[0].day)
    if outlook.event:
        event = text.clean(outlook.event)
        when = f"{event} week" if outlook.event == BLACK_FRIDAY else f"Week of {event}"
    total = sum((each.forecast for each in outlook.days), Decimal(0))
    change = text.change(total, outlook.last_week) if count == DAYS else text.NOTHING
    versus = "" if change == text.NOTHING else f", {change} vs the last {DAYS} days"
    return f"{when}: {text.count(total)} {currency} gross sales expected{versus}."


def is_or_are(names: list[str]) -> str:
    """Return the form of `to be` for so many names."""
    return "is" if len(names) == 1 else "are"


def _missing(finding: Finding, currency: str) -> str:
    names = _sources(finding.about)
    return f"{text.listed(names)} {is_or_are(names)} missing, so figures of this day will change."


def _empty(finding: Finding, currency: str) -> str:
    names = _sources(finding.about)
    return f"{text.listed(names)} unusually had no orders, so figures of this day may change."


def _doubtful(finding: Finding, currency: str) -> str:
    names = _sources(finding.about)
    has = "has" if len(names) == 1 else "have"
    return f"The day may be incomplete: {text.listed(names)} {has} far fewer sales than usual, or none."


def _unconverted(finding: Finding, currency: str) -> str:
    currencies = text.listed(map(text.clean, finding.about))
    orders = finding.numbers["orders"]
    what = f"{_orders(orders)} in {currencies} {'is' if orders == 1 else 'are'}" if orders else ""
    what = what or f"Returns in {currencies} are"
    return f"{what} excluded from all amounts: no exchange rate is known."


def _implausible(finding: Finding, currency: str) -> str:
    kind, source, order = finding.about
    numbers = finding.numbers
    amount, base = (text.amount(numbers[name], currency) for name in ("amount", "base_amount"))
    what = {
        kinds.DISCOUNT: f"a discount of {amount} on {base}",
        kinds.NEGATIVE_DISCOUNT: f"a negative discount of {amount}",
        kinds.REFUND: f"refunds of {amount} on a total of {base}",
    }[kind]
    others = numbers["orders"] - 1
    together = f"with {_orders(others, 'other ')} like it, " if others else ""
    direction = "higher" if numbers["effect"] > 0 else "lower"
    effect = f"{together}net sales are {text.amount(abs(numbers['effect']), currency)} {direction}"
    return f"{text.source_name(source)} order {text.clean(order)} has {what}: {effect}."


def _sales(finding: Finding, currency: str) -> str:
    series, verdict, *without = finding.about
    numbers = finding.numbers
    actual, forecast, low, high = (
        text.amount(numbers[name], currency) for name in ("actual", "forecast", "lower_80", "upper_80")
    )
    kind, _, name = series.partition(":")
    of = f" of {text.source_name(name) if kind == CHANNEL else text.clean(name)}" if kind != TOTAL else ""
    where = "above" if numbers["actual"] > numbers["forecast"] else "below"
    interval = "95 %" if verdict == "very unusual" else "80 %"
    change = text.change(numbers["actual"], numbers["forecast"])
    versus = "" if change == text.NOTHING else f", {change} vs forecast"
    return (
        f"Gross sales{of} are {where} the {interval} interval: {actual}{versus}{_left_out(without)} "
        f"(forecast {forecast}, 80 % interval {low} \N{EN DASH} {high})."
    )


def _rate(finding: Finding, currency: str) -> str:
    numbers = finding.numbers
    rate, average = (text.share(numbers[name], Decimal(1)) for name in ("rate", "average"))
    what = {"discount_rate": "Discounts", "return_rate": "Returns"}[finding.about[0]]
    return f"{what} are {rate} of gross sales; the {text.average_name(int(numbers['days']))} is {average}."


def _channels(finding: Finding, currency: str) -> str:
    base, *changes = finding.about
    parts = []
    for what in ("began", "ended"):
        names = [text.source_name(each[6:]) for each in changes if each.startswith(f"{what}:")]
        if names:
            parts.append(f"{text.listed(names)} {what} ({text.signed(finding.numbers[what], currency)})")
    since = text.short_day(date.fromisoformat(base))
    return f"Changed channels since {since}: {', '.join(parts)}."


def _contribution(finding: Finding, currency: str) -> str:
    kind, name, base, *without = finding.about
    change, total, share = (finding.numbers[each] for each in ("change", "total_change", "share"))
    direction = "increase" if total > 0 else "decrease"
    part = f"{text.share(share, Decimal(1), 0)} of" if share <= 1 else "more than all of"
    versus = f"{text.signed(change, currency)} vs {text.short_day(date.fromisoformat(base))}"
    who, verb = _contributor(kind, name), "account" if _is_plural(kind, name) else "accounts"
    line = f"{who} {verb} for {part} the {direction}: {versus}{_left_out(without)}"
    return f"{line.removesuffix('.')}."  # a day such as `Do., 12. Nov.` ends with one


_SENTENCES: dict[str, Callable[[Finding, str], str]] = {
    kinds.MISSING: _missing,
    kinds.EMPTY: _empty,
    kinds.DOUBTFUL: _doubtful,
    kinds.UNCONVERTED: _unconverted,
    kinds.IMPLAUSIBLE: _implausible,
    kinds.UNUSUAL_SALES: _sales,
    kinds.UNUSUAL_RATE: _rate,
    kinds.CONTRIBUTION: _contribution,
    kinds.CHANNELS: _channels,
}


def _contributor(kind: str, name: str) -> str:
    if kind == "channel":
        return text.source_name(name)
    if kind == "country":
        return "Orders without a country" if name == "ZZ" else text.country(name)
    return "Products without a category" if name == "uncategorised" else text.category(name)


def _is_plural(kind: str, name: str) -> bool:
    if kind == "country":
        return name == "ZZ"
    plural = name.endswith("s") and not name.endswith("ss")
    return kind == "category" and (plural or name in (text.UNALLOCATED, "uncategorised"))


def _left_out(names: list[str]) -> str:
    """Return `, without BRL and Old shop`; nothing where nothing is left out."""
    labels = [
        text.source_name(each[8:]) if each.startswith("channel:") else text.clean(each) for each in names
    ]
    return f", without {text.listed(labels)}" if labels else ""


def _orders(count: Decimal, other: str = "") -> str:
    return f"{text.count(count)} {other}order{'' if count == 1 else 's'}"


def _sources(names: list[str]) -> list[str]:
    """Return the partner of `partner_files: <partner>`, or the source."""
    parts = (each.partition(": ") for each in names)
    return [text.clean(partner) or text.source_name(source) for source, _, partner in parts]
