"""The findings of a day: at most three, the largest amount first.

docs/DEFINITIONS.md, *Findings*, has the rules: incomplete data first, then the largest amounts. A day that is
or may be incomplete has no other findings, because half a day looks like a slump."""

from collections.abc import Iterator
from decimal import Decimal

from ecommerce.sales.report.figures.base import DIMENSIONS, ZERO
from ecommerce.sales.report.figures.forecast import Expected
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
        findings += [finding for _, finding in sorted(weighed, key=lambda each: -each[0])]
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
    gross, largest = figures.headline["gross_sales"].value or ZERO, figures.implausible[0]
    alike = [each for each in figures.implausible if (each.effect > 0) == (largest.effect > 0)]
    effect = sum((each.effect for each in alike), ZERO)
    if effect and abs(effect) >= SMALLEST_PART * gross:
        orders = Decimal(len({(each.source, each.order_id) for each in alike}))
        numbers = {"amount": largest.amount, "base_amount": largest.base_amount, "effect": effect}
        about = [largest.kind, largest.source, largest.order_id]
        yield Finding(kind="implausible", about=about, numbers=numbers | {"orders": orders})


def _unusual_sales(figures: Figures) -> Weighed:
    """Yield the day against its forecast; where the total is within its interval, the series furthest off."""
    expectation = figures.expectation
    total = expectation.total if expectation else None
    if expectation is None or total is None:
        return
    unusual = [total] if total.verdict in ("unusual", "very unusual") else []
    if not unusual:
        worth = SMALLEST_PART * total.actual
        ended = [f"channel:{name}" for name in figures.changes.ended] if figures.changes else []
        unusual = [
            each
            for each in expectation.series
            if each.verdict == "very unusual" and _missed(each) >= worth > 0 and each.series not in ended
        ]
    if unusual:
        most = max(unusual, key=_missed)
        numbers = {name: getattr(most, name) for name in ("actual", "forecast", "lower_80", "upper_80")}
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
            yield distance * gross, Finding(kind="unusual_rate", about=[name], numbers=numbers)


def _channels(figures: Figures) -> Weighed:
    """Yield one finding of all channels that began or ended since the other day."""
    changes = figures.changes
    if not changes or not changes.like_for_like:
        return
    moved = {each.name: each.now - each.before for each in changes.channels}
    names = {"began": changes.began, "ended": changes.ended}
    numbers = {what: sum((moved.get(name, ZERO) for name in names[what]), ZERO) for what in names}
    weight = max(map(abs, numbers.values()))
    if weight and weight >= SMALLEST_PART * abs(changes.before):
        about = [changes.base.isoformat(), *(f"{what}:{name}" for what in names for name in names[what])]
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
    without = [*whole.unconverted, *(f"channel:{name}" for name in sorted([*whole.began, *whole.ended]))]
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
                candidates.append((abs(change), Finding(kind="contribution", about=about, numbers=numbers)))
                break
    yield from sorted(candidates, key=lambda each: -each[0])[:MOST_CONTRIBUTIONS]
