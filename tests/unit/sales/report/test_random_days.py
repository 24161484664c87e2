"""The sentences of 500 random days, read back: every number is that of the figure it comes from."""

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from ecommerce.core.text import MINUS
from ecommerce.sales.report.figures.contributions import FIELDS
from tests.unit.sales.report.random_days import random_day

D = Decimal
LEAST = D("0.03")
"""Of the day, for an amount to be stated."""
NUMBER = rf"[+{MINUS}]?[\d,]+"
AMOUNT = f"(?P<amount>{NUMBER})"
CHANGE = r"(?P<verb>rose|fell) ((?P<percent>[\d,]+) %|more than tenfold)"
CLAUSES = {
    "alone": rf"Net sales were {AMOUNT} USD(, after 0 USD \(last Thursday\))?",
    "no_base": "there is no complete day to compare with",
    "level": rf"Net sales were level with (?P<base>.+) at {AMOUNT} USD",
    "result": rf"Net sales {CHANGE} to {AMOUNT} USD against (?P<base>.+)",
    "ended": "(?P<items>.+) ended",
    "began": "(?P<items>.+) started",
    "drove": "(?P<items>.+) drove the (in|de)crease",
    "moved": "(?P<items>.+ (gained|lost|saved|cost|spent) .+)",
}
LABEL = r"(?P<label>[A-Za-z][\w ]*)"
PRODUCT = r"most of it (?P<product>\w+)"
ITEMS = (
    rf"{LABEL} \({AMOUNT}(, {PRODUCT})?\)",
    rf"{LABEL} (?P<verb>gained|lost) {AMOUNT}( \({PRODUCT}\))?",
    rf"{LABEL} (?P<verb>saved|cost) {AMOUNT}",
    rf"{LABEL} spent {AMOUNT} (?P<verb>more|less)",
)
"""How a driver, or a channel that ended or started, is written."""
NEGATIVE = ("lost", "cost", "less")
BASE_WORDS = {
    "week_before": "last Thursday",
    "day_before": "Wed 18 Nov",
    "average": "the 28-day average",
    "year_before": "Thu 20 Nov 2025",
}
"""In the order of choice."""
LABELS = {
    "US": "united states",
    "DE": "germany",
    "GB": "united kingdom",
    "sales_db": "sales database",
    "new": "new customers",
    "returning": "returning customers",
}


@pytest.fixture(scope="module")
def days():
    """Random days, and what their sentences state."""
    found = []
    for seed in range(500):
        figures = random_day(seed)
        found.append((figures, facts_of(figures.summary.sentences)))
    return found


def facts_of(sentences):
    """Return the parts of each clause by its kind; there is at most one clause of a kind."""
    assert len(sentences) <= 3
    facts = {}
    for sentence in sentences:
        for clause in sentence.removesuffix(".").split("; "):
            matches = {}
            for kind, pattern in CLAUSES.items():
                matches[kind] = re.fullmatch(pattern, clause)
            (kind,) = (kind for kind, match in matches.items() if match)
            assert kind not in facts
            facts[kind] = matches[kind].groupdict()
    return facts


def items_of(facts, *kinds):
    """Return change and product of drivers or channels by their labels in lower case."""
    found = {}
    for kind in kinds:
        if kind not in facts:
            continue
        for item in re.split(r" and |, (?!most of it)", facts[kind]["items"]):
            matches = [re.fullmatch(pattern, item) for pattern in ITEMS]
            (match,) = filter(None, matches)
            words = match.groupdict()
            change = number(words["amount"])
            if words.get("verb") in NEGATIVE:
                change = -change
            found[words["label"].lower()] = (change, words.get("product"))
    return found


def number(words):
    return D(words.replace(",", "").replace(MINUS, "-"))


def whole(amount):
    return amount.quantize(D(1), ROUND_HALF_UP)


def label(name):
    return LABELS.get(name, name).lower()


def test_the_result_has_net_sales_and_the_change_since_their_base(days):
    seen = set()
    for figures, facts in days:
        net = figures.headline["net_sales"]
        result = facts.get("result") or facts.get("level") or facts["alone"]
        assert number(result["amount"]) == whole(net.value)
        known = [base for base in BASE_WORDS if net.base(base)]
        if not known:
            assert result is facts["alone"]
            continue
        assert result["base"] == BASE_WORDS[known[0]]
        before = net.base(known[0])
        change = whole(100 * (net.value - before) / before)
        if change:
            assert result["verb"] == ("rose" if change > 0 else "fell")
            points = result["percent"]
            assert number(points) == abs(change) if points else change > 999
        else:
            assert result is facts["level"]
        seen.add(known[0])
    assert seen == set(BASE_WORDS)


def test_the_reasons_are_drivers_of_one_dimension_with_their_changes(days):
    seen = set()
    for figures, facts in days:
        stated = items_of(facts, "drove", "moved")
        drivers = figures.summary.drivers
        assert len(stated) == len(drivers) <= 3
        compared = figures.changes.compared or figures.changes
        least = LEAST * max(compared.now, compared.before)
        products = {row.name: row for row in compared.products}
        parts = set()
        dimensions = set()
        for driver in drivers:
            rows = getattr(compared, FIELDS[driver.dimension])
            (row,) = [row for row in rows if row.name == driver.name]
            (words,) = [words for words in stated if words.endswith(label(row.name))]
            change, product = stated[words]
            assert change == whole(row.change)
            assert abs(row.change) >= least
            assert row.name not in ("unallocated", "ZZ", "")
            if product:
                most = products[product.upper()]
                assert most.parent == row.name
                share = most.change / row.change
                assert D("0.5") <= share <= 1
                assert share < D("0.8") or abs(most.change) < least
            parts.add(driver.category or row.name)
            dimensions.add("category" if driver.category else driver.dimension)
            seen.add(driver.dimension)
        assert len(parts) == len(drivers), "a category and its product"
        assert len(dimensions) <= 1
    assert seen >= {"product", "category", "country", "channel", "customers"}


def test_channels_that_ended_or_started_have_their_changes(days):
    seen = set()
    for figures, facts in days:
        changes = {}
        for row in figures.changes.channels:
            changes[label(row.name)] = whole(row.change)
        for kind in ("began", "ended"):
            stated = items_of(facts, kind)
            names = getattr(figures.changes, kind)
            assert set(stated) in (set(), {label(name) for name in names})
            for name, (change, _) in stated.items():
                assert change == changes[name]
                seen.add(kind)
    assert seen == {"began", "ended"}
