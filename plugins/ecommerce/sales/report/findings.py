"""The findings of a day, at most three, the largest amount first, and their sentences in the locale of the
report.

docs/DEFINITIONS.md, *Findings*, has the rules: incomplete data first, then the largest amounts. A day that is
or may be incomplete has no other findings, because half a day looks like a slump."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from ecommerce.core import text
from ecommerce.reporting.named_weeks import week_name, week_sentence
from ecommerce.sales.report import terms
from ecommerce.sales.report.figures.base import CHANNEL, DIMENSIONS, ZERO, total
from ecommerce.sales.report.figures.forecast import DAYS, Expected, Outlook
from ecommerce.sales.report.figures.model import Figures, Finding

MOST = 3
MOST_CONTRIBUTIONS = 2
SMALLEST_PART = Decimal("0.03")
"""Of the sales: smaller changes and misses of the forecast are no findings."""
LARGEST_PART = Decimal(1) / 3
"""Of the change, for a contributor to be a finding."""
UNUSUAL_POINTS, UNUSUAL_PART = Decimal("0.02"), Decimal("0.5")
"""A rate is unusual when it is at least so many points and such a part of its average above or below its
average."""
FEWEST_DAYS = 10
"""Averages of fewer days are not compared with."""
Weighed = Iterator[tuple[Decimal, Finding]]
"""Findings with the amounts that they are about."""


def findings_of(figures: Figures) -> list[Finding]:
    """Return the findings of a day, in the order of their weight."""
    findings = [*_incomplete(figures), *_implausible(figures)]
    if not figures.caveat:
        weighed = [
            *(*_unusual_sales(figures), *_unusual_rates(figures)),
            *(*_channels(figures), *_contributions(figures)),
        ]
        findings += [
            finding for _, finding in sorted(weighed, key=lambda each: -each[0])
        ]
    return findings[:MOST]


def _incomplete(figures: Figures) -> Iterator[Finding]:
    quality = figures.quality
    for kind in ("missing", "empty", "doubtful"):
        if sources := getattr(quality, f"{kind}_sources"):
            yield Finding(kind=kind, about=sorted(sources))
    if quality.unconverted:
        orders = Decimal(sum(each.orders for each in quality.unconverted))
        about = [each.currency for each in quality.unconverted]
        yield Finding(kind="unconverted", about=about, numbers={"orders": orders})


def _implausible(figures: Figures) -> Iterator[Finding]:
    """Yield a finding of amounts that change net sales in one direction; incomplete days have it, too."""
    if not figures.implausible:
        return
    gross, largest = (
        figures.headline["gross_sales"].value or ZERO,
        figures.implausible[0],
    )
    alike = [
        each
        for each in figures.implausible
        if (each.effect > 0) == (largest.effect > 0)
    ]
    effect = total(alike, "effect")
    if effect and abs(effect) >= SMALLEST_PART * gross:
        orders = Decimal(len({(each.source, each.order_id) for each in alike}))
        numbers = {
            "amount": largest.amount,
            "base_amount": largest.base_amount,
            "effect": effect,
        }
        about = [largest.kind, largest.source, largest.order_id]
        yield Finding(
            kind="implausible", about=about, numbers=numbers | {"orders": orders}
        )


def _unusual_sales(figures: Figures) -> Weighed:
    """Yield the day against its forecast; where the total is within its interval, the series furthest off."""
    expectation = figures.expectation
    total = figures.expected_total
    if expectation is None or total is None:
        return
    unusual = [total] if total.verdict in ("unusual", "very unusual") else []
    if not unusual:
        worth = SMALLEST_PART * total.actual
        ended = (
            [f"channel:{name}" for name in figures.changes.ended]
            if figures.changes
            else []
        )
        unusual = [
            each
            for each in expectation.series
            if each.verdict == "very unusual"
            and _missed(each) >= worth > 0
            and each.series not in ended
        ]
    if unusual:
        most = max(unusual, key=_missed)
        numbers = {
            name: getattr(most, name)
            for name in ("actual", "forecast", "lower_80", "upper_80")
        }
        about = [most.series, most.verdict or "", *expectation.without]
        yield _missed(most), Finding(kind="unusual_sales", about=about, numbers=numbers)


def _missed(each: Expected) -> Decimal:
    return abs(each.actual - each.forecast)


def _unusual_rates(figures: Figures) -> Weighed:
    gross = figures.headline["gross_sales"].value or ZERO
    for name in ("return_rate", "discount_rate"):
        rate, average = figures.rates[name].value, figures.rates[name].average
        days = figures.averaged_days_of(name)
        if rate is None or average is None or days < FEWEST_DAYS:
            continue
        distance = abs(rate - average)
        if distance >= UNUSUAL_POINTS and distance >= UNUSUAL_PART * average:
            numbers = {"rate": rate, "average": average, "days": Decimal(days)}
            yield (
                distance * gross,
                Finding(kind="unusual_rate", about=[name], numbers=numbers),
            )


def _channels(figures: Figures) -> Weighed:
    """Yield one finding of all channels that began or ended since the other day."""
    changes = figures.changes
    if not changes or not changes.like_for_like:
        return
    moved = {each.name: each.now - each.before for each in changes.channels}
    names = {"began": changes.began, "ended": changes.ended}
    numbers = {
        what: sum((moved.get(name, ZERO) for name in names[what]), ZERO)
        for what in names
    }
    weight = max(map(abs, numbers.values()))
    if weight and weight >= SMALLEST_PART * abs(changes.before):
        about = [
            changes.base.isoformat(),
            *(f"{what}:{name}" for what in names for name in names[what]),
        ]
        yield weight, Finding(kind="channels", about=about, numbers=numbers)


def _contributions(figures: Figures) -> Weighed:
    """Yield the category, channel and country that contribute most to the change, where each has a large part
    of it, and a larger one than of sales; without channels that began or ended."""
    whole = figures.changes
    if whole is None:
        return
    compared = whole.like_for_like or whole
    total = compared.now - compared.before
    if not total or abs(total) < SMALLEST_PART * abs(compared.before):
        return
    without = [
        *whole.unconverted,
        *(f"channel:{name}" for name in sorted([*whole.began, *whole.ended])),
    ]
    candidates = []
    for dimension in DIMENSIONS:
        for each in dimension.rows(compared):
            change = each.now - each.before
            share = change / total
            size = each.before / compared.before if compared.before > 0 else ZERO
            if share >= LARGEST_PART and share > size:
                rounded = share.quantize(Decimal("0.000001"))
                numbers = {"change": change, "total_change": total, "share": rounded}
                about = [dimension.name, each.name, whole.base.isoformat(), *without]
                candidates.append(
                    (
                        abs(change),
                        Finding(kind="contribution", about=about, numbers=numbers),
                    )
                )
                break
    yield from sorted(candidates, key=lambda each: -each[0])[:MOST_CONTRIBUTIONS]


def sentences(figures: Figures) -> list[str]:
    """Return the findings of a day as sentences, and last the coming week."""
    coming = upcoming_sentence(figures.outlook, figures.currency)
    return [
        *(sentence(each, figures.currency) for each in figures.findings),
        *([coming] if coming else []),
    ]


def sentence(finding: Finding, currency: str) -> str:
    """Return the sentence of a finding; amounts are in `currency`."""
    return _SENTENCES[finding.kind](finding, currency)


def upcoming_sentence(outlook: Outlook | None, currency: str) -> str | None:
    """Return the sentence on the week of the coming event, else on the coming days; None without a
    forecast."""
    if outlook is None:
        return None
    days = outlook.event_week or outlook.days
    when = f"Next {len(days)} days" if len(days) > 1 else text.short_day(days[0].day)
    if outlook.event and outlook.event_week:
        when = week_name(outlook.event, [each.day for each in days])
    return week_sentence(
        when,
        total(days, "forecast"),
        outlook.usual_week if len(days) == DAYS else None,
        currency,
    )


def capital(words: str) -> str:
    """Return `words` as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def _incomplete_words(finding: Finding, currency: str) -> str:
    have = text.plural(len(finding.about), "has", "have")
    names = text.listed(map(source_title, finding.about))
    return {
        "missing": f"Not all data of {names} is loaded, so the figures of this day will change.",
        "empty": f"{names} unusually had no orders, so the figures of this day may change.",
        "doubtful": f"May be incomplete: {names} {have} far fewer sales than usual or than were stored.",
    }[finding.kind]


def _unconverted_words(finding: Finding, currency: str) -> str:
    currencies = text.listed(map(text.clean, finding.about))
    orders = finding.numbers["orders"]
    verb = text.plural(orders, "is", "are")
    what = f"{text.number_of(orders, 'order')} in {currencies} {verb} counted, but"
    what = what if orders else f"Returns in {currencies} are"
    return f"{what} excluded from all amounts: there is no exchange rate."


def _implausible_words(finding: Finding, currency: str) -> str:
    kind, source, order = finding.about
    numbers = finding.numbers
    amount, base = (
        text.amount(numbers[name], currency) for name in ("amount", "base_amount")
    )
    what = {
        "discount": f"a discount of {amount} on {base}",
        "negative_discount": f"a negative discount of {amount}",
        "refund": f"refunds of {amount} on a total of {base}",
    }[kind]
    others = numbers["orders"] - 1
    together = (
        f"with {text.number_of(others, 'other order')} like it, " if others else ""
    )
    direction = "higher" if numbers["effect"] > 0 else "lower"
    effect = f"{together}net sales are {text.amount(abs(numbers['effect']), currency)} {direction}"
    return f"{text.source_name(source)} order {text.clean(order)} has {what}: {effect}."


def _sales_words(finding: Finding, currency: str) -> str:
    series, verdict, *without = finding.about
    numbers = finding.numbers
    actual, forecast, low, high = (
        text.amount(numbers[name], currency)
        for name in ("actual", "forecast", "lower_80", "upper_80")
    )
    kind, _, name = series.partition(":")
    of = (
        f" of {text.source_name(name) if kind == CHANNEL.name else text.clean(name)}"
        if name
        else ""
    )
    where = "above" if numbers["actual"] > numbers["forecast"] else "below"
    interval = "95 %" if verdict == "very unusual" else "80 %"
    versus = text.versus(numbers["actual"], numbers["forecast"], "forecast")
    return (
        f"Gross sales{of} are {where} the {interval} interval: {actual}{versus}{left_out(without)} "
        f"(forecast {forecast}, 80 % interval {low} \N{EN DASH} {high})."
    )


def _rate_words(finding: Finding, currency: str) -> str:
    numbers = finding.numbers
    rate, average = (text.share(numbers[name]) for name in ("rate", "average"))
    what = {"discount_rate": "Discounts", "return_rate": "Returns"}[finding.about[0]]
    return f"{what} are {rate} of gross sales; the {terms.average_name(int(numbers['days']))} is {average}."


def _channels_words(finding: Finding, currency: str) -> str:
    base, *changes = finding.about
    parts = []
    for what, one, more in (
        ("began", "is new", "are new"),
        ("ended", "has ended", "have ended"),
    ):
        names = [
            text.source_name(each[6:])
            for each in changes
            if each.startswith(f"{what}:")
        ]
        if names:
            amount = f"{terms.signed(finding.numbers[what], currency)} {currency}"
            parts.append(
                f"{text.listed(names)} {text.plural(len(names), one, more)} ({amount})"
            )
    since = text.short_day(date.fromisoformat(base))
    return f"Channels since {since}: {', '.join(parts)}."


def _contribution_words(finding: Finding, currency: str) -> str:
    kind, name, base, *without = finding.about
    change, total, share = (
        finding.numbers[each] for each in ("change", "total_change", "share")
    )
    direction = "increase" if total > 0 else "decrease"
    part = f"{text.share(share, places=0)} of" if share <= 1 else "more than all of"
    label = next(each.label(name) for each in DIMENSIONS if each.name == kind)
    versus = f"{terms.signed(change, currency)} {currency} vs {text.short_day(date.fromisoformat(base))}"
    return f"{label} ({kind}): {versus}, {part} the {direction} in net sales{left_out(without)}."


_SENTENCES: dict[str, Callable[[Finding, str], str]] = {
    **dict.fromkeys(("missing", "empty", "doubtful"), _incomplete_words),
    "unconverted": _unconverted_words,
    "implausible": _implausible_words,
    "unusual_sales": _sales_words,
    "unusual_rate": _rate_words,
    "contribution": _contribution_words,
    "channels": _channels_words,
}


def left_out(names: list[str]) -> str:
    """Return `, without Old shop and amounts in BRL`; nothing where nothing is left out."""
    channels = [
        text.source_name(each[8:]) for each in names if each.startswith("channel:")
    ]
    currencies = text.listed(
        text.clean(each) for each in names if not each.startswith("channel:")
    )
    labels = [*channels, *([f"amounts in {currencies}"] if currencies else [])]
    return f", without {text.listed(labels)}" if labels else ""


def source_title(source: str) -> str:
    """Return the name of a source, or the partner of `<source>: <partner>`."""
    return text.clean(source.partition(": ")[2]) or text.source_name(source)
