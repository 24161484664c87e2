"""Where the change of net sales comes from: the rows of the queries as figures, largest first."""

from ecommerce.sales.report.figures import contributions
from tests.unit.sales.report.parts import D
from tests.unit.sales.report.samples import before
from tests.unit.sales.report.texts.answers import Answers


def row(dimension, name="", before=0, now=0, scope="all"):
    """A row of contributions.sql."""
    values = {"scope": scope, "dimension": dimension, "name": name, "parent": None}
    return values | {"before": D(before), "now": D(now)}


def test_without_a_day_to_compare_with_there_are_no_changes():
    assert contributions.read(Answers.of()).changes is None


def test_currencies_without_a_rate_and_channels_that_moved_are_named():
    rows = [
        row("total", "", 2510, 1500),
        row("channel", "old", 2010),
        row("channel", "new", 0, 900),
        row("channel", "closed"),
        row("unconverted", "BRL"),
        row("unconverted", "AED"),
        row("began", "new"),
        row("ended", "old"),
        row("total", "", 500, 600, "like_for_like"),
        row("channel", "web", 500, 600, "like_for_like"),
    ]
    queries = Answers.of(today={"base_date": before(7)}, contributions=rows)
    found = contributions.read(queries).changes
    assert found.unconverted == ["AED", "BRL"]
    assert (found.began, found.ended) == (["new"], ["old"])
    assert [channel.name for channel in found.channels] == ["old", "new"]
    assert (found.compared.before, found.compared.now) == (500, 600)
    assert [channel.name for channel in found.compared.channels] == ["web"]
