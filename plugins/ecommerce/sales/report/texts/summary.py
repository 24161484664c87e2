"""The summary of a day: how it went, why, and what is coming, in at most three sentences, and the badge of
trust. The same in PDF, mail, chat, page and figures.json.

docs/DEFINITIONS.md, *Summary*, has the rules. Amounts are in whole units of the reporting currency.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.named_weeks import week_name
from ecommerce.core.text import whole, whole_amount
from ecommerce.reporting.parts import total
from ecommerce.sales import terms
from ecommerce.sales.report.figures.contributions import Changes
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.outlook import DAYS
from ecommerce.sales.report.figures.summary import (
    Driver,
    Finding,
    Summary,
    Unusual,
)
from ecommerce.sales.report.texts import headline
from ecommerce.sales.report.texts.drivers import SMALLEST_PART, drivers_of, is_cost
from ecommerce.sales.report.texts.headline import CHOICE, base_name
from ecommerce.sales.report.texts.month import shop_target
from ecommerce.sales.report.texts.trust import trust_of
from ecommerce.sales.report.texts.unusual import most_unusual
from ecommerce.sales.terms import signed_whole

MOST_WITH_UNUSUAL = 2
"""Drivers that are stated together with something unusual."""
MOST_CHANNELS = 4
VERBS = {
    "cost": ("saved {}", "cost {}"),
    "measure": ("rose by {}", "fell by {}"),
    "customers": ("spent {} more", "spent {} less"),
}
"""Of drivers that rose and that fell, by their kind; others gained and lost."""
UNFINISHED_PART = 10
"""Of the days of the month: the target is not judged where more than one in so many is unfinished."""


def summarized(figures: Figures) -> Figures:
    """Return the figures with their summary and its facts."""
    summary = summary_of(figures)
    total_change = Decimal(0)
    if figures.changes and figures.changes.compared:
        total_change = figures.changes.compared.change
    findings = []
    for driver in summary.drivers:
        about = [driver.dimension, driver.name]
        numbers = {"change": driver.change, "total_change": total_change}
        findings.append(Finding(kind="contribution", about=about, numbers=numbers))
    unusual = summary.unusual
    if unusual:
        numbers = {"amount": unusual.amount}
        findings.append(
            Finding(kind=unusual.kind, about=[unusual.about], numbers=numbers)
        )
    return figures.model_copy(update={"summary": summary, "findings": findings})


def summary_of(figures: Figures) -> Summary:
    """Return the summary of a day."""
    drivers: list[Driver] = []
    changes = _stated_changes(figures)
    if changes and changes.compared and figures.has_sales:
        drivers = drivers_of(changes.compared)
    named = [driver.category or driver.name for driver in drivers]
    unusual = most_unusual(figures, named)
    if unusual:
        drivers = drivers[:MOST_WITH_UNUSUAL]
    sentences = [
        _sentence(_result(figures)),
        _reasons(figures, drivers, unusual),
        _coming(figures),
    ]
    return Summary(
        trust=trust_of(figures),
        sentences=[sentence for sentence in sentences if sentence],
        drivers=drivers,
        unusual=unusual,
    )


def _stated_changes(figures: Figures) -> Changes | None:
    """Return the changes since the day that the first sentence compares with; None where it names another
    one, or the figures may change."""
    is_complete = trust_of(figures).state == "complete"
    if not is_complete or chosen_base(figures) != _base_of_changes(figures):
        return None
    return figures.changes


def chosen_base(figures: Figures) -> str:
    """Return the one of `BASES` that net sales are compared with; empty without one."""
    stated = headline.changes(figures, "net_sales")
    for base in CHOICE:
        if base in stated:
            return base
    return ""


def base_words(figures: Figures, base: str) -> str:
    """Return the name of one of `BASES` in a sentence: `last Monday`, `the 28-day average`."""
    if base == "week_before" and text.words_locale().language == "en":
        return f"last {text.weekday(figures.business_date)}"
    name = base_name(figures, base, "net_sales")
    return f"the {name}" if base == "average" else name


def _result(figures: Figures) -> str:
    value = figures.value("net_sales")
    amount = whole_amount(value, figures.currency)
    day = text.short_day(figures.business_date)
    if not figures.quality.complete:
        return f"Net sales of {day} are {amount} so far."
    if not figures.has_sales:
        # Earlier orders may be refunded on a day without orders.
        also = f" and net sales were {amount}" if value else ""
        return f"No orders were counted on {day}{also}{_after(figures, 'week_before')}"
    base = chosen_base(figures)
    if not base:
        # From 0 or less, there is no change in percent.
        after = _after(figures, _base_of_changes(figures))
        none = "; there is no complete day to compare with"
        return f"Net sales were {amount}{after or none}"
    before = figures.headline["net_sales"].base(base) or Decimal(0)
    words = base_words(figures, base)
    percent = text.share(
        abs(value - before),
        abs(before),
        places=0,
    )
    if text.change(value, before) == text.MANIFOLD:
        percent = "more than tenfold"
    verb = "rose" if value > before else "fell"
    result = f"Net sales {verb} {percent} to {amount} against {words}"
    if percent == text.share(0, places=0):
        result = f"Net sales were level with {words} at {amount}"
    return f"{result}{_against_forecast(figures)}"


def _base_of_changes(figures: Figures) -> str:
    """Return the base of the day that changes are stated since; empty without one."""
    if figures.changes is None:
        return ""
    days_back = (figures.business_date - figures.changes.base).days
    return "week_before" if days_back == 7 else "day_before"


def _after(figures: Figures, base: str) -> str:
    """Return `, after 16,000 USD (last Monday)`; nothing where the day is not known."""
    before = figures.headline["net_sales"].base(base) if base else None
    if before is None:
        return ""
    amount = whole_amount(before, figures.currency)
    return f", after {amount} ({base_words(figures, base)})"


def _against_forecast(figures: Figures) -> str:
    """Return `, above the forecast of 27,274` where the day is outside its 80 % interval."""
    expected = figures.net_expected
    if expected is None or not expected.verdict or not expected.direction:
        return ""
    where = "above" if expected.direction > 0 else "below"
    return f", {where} the forecast of {whole(expected.forecast)}"


def _reasons(
    figures: Figures, drivers: Sequence[Driver], unusual: Unusual | None
) -> str:
    clauses = []
    changes = _stated_changes(figures)
    if changes:
        clauses = [*_channels(changes), *_driver_clauses(changes, drivers)]
    if unusual:
        clauses.append(unusual.words)
    return _sentence(*clauses)


def _sentence(*clauses: str) -> str:
    """Return the clauses that are not empty as a sentence; empty without any."""
    stated = "; ".join(clause for clause in clauses if clause)
    # A date may end with a full stop: `12. Nov.`
    return f"{terms.capital(stated).removesuffix('.')}." if stated else ""


def _channels(changes: Changes) -> list[str]:
    """Return the channels that began and that ended; first those that explain the direction of the change."""
    least = SMALLEST_PART * abs(changes.before)
    clauses = []
    moves = [(changes.began, "started"), (changes.ended, "ended")]
    if changes.change < 0:
        moves.reverse()
    for names, verb in moves:
        rows = [row for row in changes.channels if row.name in names]
        if any(abs(row.change) >= least for row in rows):
            channels = []
            for row in rows:
                name = text.source_name(row.name)
                channels.append(f"{name} ({signed_whole(row.change)})")
            listed = text.listed(channels, MOST_CHANNELS, "more channels")
            clauses.append(f"{listed} {verb}")
    return clauses


def _driver_clauses(changes: Changes, drivers: Sequence[Driver]) -> list[str]:
    """Return the drivers in the direction of the change, then those against it."""
    compared = changes.compared
    if not drivers or compared is None:
        return []
    is_large = abs(compared.change) >= SMALLEST_PART * abs(compared.before)
    drove = [driver for driver in drivers if driver.change * compared.change > 0]
    against = [driver for driver in drivers if driver not in drove]
    # Neither is then the change that the first sentence states.
    is_part = changes.like_for_like or changes.unconverted
    if not is_large or not drove or is_part:
        return [text.listed(map(_moved, drivers))]
    direction = "increase" if compared.change > 0 else "decrease"
    clauses = [f"{text.listed(map(_with_change, drove))} drove the {direction}"]
    if against:
        clauses.append(text.listed(map(_moved, against)))
    return clauses


def _with_change(driver: Driver) -> str:
    """Return `Textiles (+2,172)`, or `Textiles (+2,172, most of it Linen set)`."""
    product = f", most of it {driver.product}" if driver.product else ""
    return f"{driver.label} ({signed_whole(driver.change)}{product})"


def _moved(driver: Driver) -> str:
    """Return `Kitchen lost 2,243 (most of it Chef's knife)`, `new customers spent 500 more`, or `higher
    returns cost 300`."""
    kind = "cost" if is_cost(driver.dimension, driver.name) else driver.dimension
    risen, fallen = VERBS.get(kind, ("gained {}", "lost {}"))
    verb = risen if driver.change > 0 else fallen
    product = f" (most of it {driver.product})" if driver.product else ""
    return f"{driver.label} {verb.format(whole(abs(driver.change)))}{product}"


def _coming(figures: Figures) -> str:
    return _sentence(_week(figures), _target(figures))


def _week(figures: Figures) -> str:
    """Return the expected sales of the week of the coming event, else the forecast of the coming days."""
    outlook = figures.outlook
    if outlook is None or not outlook.net_days:
        return ""
    week = outlook.named_week
    if outlook.event and week:
        name = terms.inside(week_name(outlook.event, calendar_week(week.first)))
        amount = whole_amount(week.net_sales, figures.currency)
        words = f"the {name} is expected at {amount} net sales"
        if week.parts:
            words += f" ({week.parts})"
        return words + _versus_usual(week.net_sales, outlook.net_usual_week)
    days = outlook.net_days
    forecast = total(days, "forecast")
    when = f"the next {len(days)} days are" if len(days) > 1 else "the next day is"
    words = f"{when} forecast at {whole_amount(forecast, figures.currency)}"
    if len(days) != DAYS:
        return words
    return words + _versus_usual(forecast, outlook.net_usual_week)


def _versus_usual(expected: Decimal, usual: Decimal | None) -> str:
    """Return `, 8 % above a usual week`; nothing where a usual one is not known."""
    if not usual or usual < 0:
        return ""
    percent = text.share(abs(expected - usual), usual, places=0)
    if percent == text.share(0, places=0):
        return ", like a usual week"
    where = "above" if expected > usual else "below"
    return f", {percent} {where} a usual week"


def _target(figures: Figures) -> str:
    """Return where the month will land against the target of the whole shop. Nothing without one, or where
    too many of the month's days so far are incomplete or not loaded."""
    month = figures.month
    target = shop_target(figures)
    day = figures.business_date
    if month is None or target is None or not target.target:
        return ""
    if month.unfinished * UNFINISHED_PART > day.day:
        return ""
    is_over = (day + timedelta(days=1)).month != day.month
    verb = "ended at" if is_over else "is heading for"
    landing = whole_amount(target.landing, figures.currency)
    share = text.share(target.landing, target.target, places=0)
    return f"{text.month(day)} {verb} {landing}, {share} of its target"
