"""The sentences of findings, in the locale of the report."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from ecommerce.core import text
from ecommerce.sales.report.figures.base import CHANNEL, DIMENSIONS
from ecommerce.sales.report.figures.forecast import BLACK_FRIDAY, DAYS, Outlook
from ecommerce.sales.report.figures.model import Figures, Finding


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
    versus = _versus(total, outlook.last_week if count == DAYS else None, f"those of the last {DAYS} days")
    return f"{when}: {text.count(total)} {currency} gross sales expected{versus}."


def capital(words: str) -> str:
    """Return `words` as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def _incomplete(finding: Finding, currency: str) -> str:
    have = "has" if len(finding.about) == 1 else "have"
    names = text.listed(map(source_title, finding.about))
    return {
        "missing": f"Not all data of {names} is loaded, so the figures of this day will change.",
        "empty": f"{names} unusually had no orders, so the figures of this day may change.",
        "doubtful": f"The day may be incomplete: {names} {have} far fewer sales than usual, or none.",
    }[finding.kind]


def _unconverted(finding: Finding, currency: str) -> str:
    currencies = text.listed(map(text.clean, finding.about))
    orders = finding.numbers["orders"]
    what = f"{_orders(orders)} in {currencies} {'is' if orders == 1 else 'are'} counted, but"
    what = what if orders else f"Returns in {currencies} are"
    return f"{what} excluded from all amounts: there is no exchange rate."


def _implausible(finding: Finding, currency: str) -> str:
    kind, source, order = finding.about
    numbers = finding.numbers
    amount, base = (text.amount(numbers[name], currency) for name in ("amount", "base_amount"))
    what = {
        "discount": f"a discount of {amount} on {base}",
        "negative_discount": f"a negative discount of {amount}",
        "refund": f"refunds of {amount} on a total of {base}",
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
    of = f" of {text.source_name(name) if kind == CHANNEL.name else text.clean(name)}" if name else ""
    where = "above" if numbers["actual"] > numbers["forecast"] else "below"
    interval = "95 %" if verdict == "very unusual" else "80 %"
    versus = _versus(numbers["actual"], numbers["forecast"], "forecast")
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
    for what, one, more in (("began", "is new", "are new"), ("ended", "has ended", "have ended")):
        names = [text.source_name(each[6:]) for each in changes if each.startswith(f"{what}:")]
        if names:
            amount = f"{text.signed(finding.numbers[what], currency)} {currency}"
            parts.append(f"{text.listed(names)} {one if len(names) == 1 else more} ({amount})")
    since = text.short_day(date.fromisoformat(base))
    return f"Channels since {since}: {', '.join(parts)}."


def _contribution(finding: Finding, currency: str) -> str:
    kind, name, base, *without = finding.about
    change, total, share = (finding.numbers[each] for each in ("change", "total_change", "share"))
    direction = "increase" if total > 0 else "decrease"
    part = f"{text.share(share, Decimal(1), 0)} of" if share <= 1 else "more than all of"
    label = next(each.label(name) for each in DIMENSIONS if each.name == kind)
    versus = f"{text.signed(change, currency)} {currency} vs {text.short_day(date.fromisoformat(base))}"
    return f"{label} ({kind}): {versus}, {part} the {direction} in net sales{_left_out(without)}."


_SENTENCES: dict[str, Callable[[Finding, str], str]] = {
    **dict.fromkeys(("missing", "empty", "doubtful"), _incomplete),
    "unconverted": _unconverted,
    "implausible": _implausible,
    "unusual_sales": _sales,
    "unusual_rate": _rate,
    "contribution": _contribution,
    "channels": _channels,
}


def _versus(value: Decimal, base: Decimal | None, name: str) -> str:
    change = text.change(value, base)
    return "" if change == text.NOTHING else f", {change} vs {name}"


def _left_out(names: list[str]) -> str:
    """Return `, without Old shop and amounts in BRL`; nothing where nothing is left out."""
    channels = [text.source_name(each[8:]) for each in names if each.startswith("channel:")]
    currencies = text.listed(text.clean(each) for each in names if not each.startswith("channel:"))
    labels = [*channels, *([f"amounts in {currencies}"] if currencies else [])]
    return f", without {text.listed(labels)}" if labels else ""


def _orders(count: Decimal, other: str = "") -> str:
    return f"{text.count(count)} {other}order{'' if count == 1 else 's'}"


def source_title(source: str) -> str:
    """Return the name of a source, or the partner of `partner_files: <partner>`."""
    return text.clean(source.partition(": ")[2]) or text.source_name(source)
