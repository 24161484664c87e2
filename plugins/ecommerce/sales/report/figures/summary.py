"""The summary of a day: at most four sentences, the badge of trust, and the facts behind them."""

from decimal import Decimal
from typing import Literal

from ecommerce.reporting.parts import Part

State = Literal["complete", "may_change", "incomplete"]


class Trust(Part):
    """How far the figures can be trusted, and why."""

    state: State
    label: str
    words: str


class Driver(Part):
    """A contribution to the change of net sales, in reporting currency. `product`: the one with most of the
    change of a category; `category`: that of a product which takes its place."""

    dimension: str
    name: str
    label: str
    change: Decimal
    product: str | None = None
    category: str | None = None


class Unusual(Part):
    """Something unusual: its `kind`, what it is `about`, its `amount` in reporting currency, and `words`."""

    kind: str
    about: str
    amount: Decimal
    words: str


class Summary(Part):
    """The sentences and the badge; `drivers`, the largest first, and `unusual` are the facts behind the
    second sentence."""

    trust: Trust
    sentences: list[str]
    drivers: list[Driver] = []
    unusual: Unusual | None = None


class Finding(Part):
    """A fact of the summary for programs: its `kind`, the names that it is `about`, and its `numbers`."""

    kind: str
    about: list[str] = []
    numbers: dict[str, Decimal] = {}


class SummaryOfDay(Part):
    """The summary, None while it is made, and its facts: each driver is a `contribution`."""

    summary: Summary | None = None
    findings: list[Finding] = []
