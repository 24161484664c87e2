"""Who gets which report: `include/subscriptions.yaml`, or the Variable `report_subscriptions`, which wins.

A subscription is of a report of every day, week or month, of the whole shop or a slice, or of an alert on a
figure. The Variable `report_recipients` is that of the daily report without a slice.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ecommerce.core.names import VARIABLE_REPORT_SUBSCRIPTIONS
from ecommerce.core.paths import INCLUDE
from ecommerce.core.periods import PeriodKind
from ecommerce.core.settings import known_locale
from ecommerce.core.yaml_texts import Several, first_problem, parse_yaml
from ecommerce.mail.transport import ADDRESS, distinct
from ecommerce.sales.slices import WHOLE, Slice

FILE = INCLUDE / "subscriptions.yaml"
CHAT = "chat:"
"""What an entry of `to` begins with that is the connection of a chat."""
NAME = "[A-Za-z0-9_-]{1,40}"

Format = Literal["pdf", "mail", "chat"]
Line = Literal["forecast", "last_week", "target", "weekday_average"]
Figure = Literal["net_sales", "gross_sales", "orders"]

FOREIGN_KEYS = {"report": {"below", "at_least"}, "alert": {"format"}}
"""The kinds of subscriptions, each with the keys of the other one."""


def _recipients(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the distinct recipients; ValueError where there are none, or as `distinct`."""
    if not entries:
        raise ValueError("has no recipient")
    problem = f"neither an e-mail address nor {CHAT}<connection>"
    return tuple(distinct(entries, rf"{ADDRESS}|(?u:{CHAT}[\w.-]+)", problem))


def _known_values(only: Slice) -> Slice:
    """Check the values of countries and shops; those of channels and categories are not known. A dimension
    without values would be the whole shop."""
    for dimension in only.model_fields_set:
        values = getattr(only, dimension)
        if "" in values or not values:
            raise ValueError(f"{dimension} has no value")
    for country in only.country:
        if not re.fullmatch("[A-Z]{2}", country):
            raise ValueError("a country has two capital letters, such as DE")
    for shop in only.shop:
        if not re.fullmatch("[a-z][a-z0-9_]*", shop):
            raise ValueError(
                "a shop is the name of a source, such as sales_db or shopify_de"
            )
    return only


def _optional_locale(name: str) -> str:
    return name and known_locale(name)


class Below(BaseModel, frozen=True, extra="forbid"):
    """The line of an alert: `percent` below the figure `of`, or an `amount`."""

    percent: Decimal | None = Field(None, gt=0, lt=100)
    of: Line | None = None
    amount: Decimal | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_line(self) -> Self:
        if self.model_fields_set not in ({"percent", "of"}, {"amount"}):
            raise ValueError("needs percent and of, or amount")
        return self


class AtLeast(BaseModel, frozen=True, extra="forbid"):
    """How many orders a day or its weekday's average must have, for an alert to be sent."""

    orders: int = Field(0, ge=0)


class Subscription(BaseModel, frozen=True, extra="forbid"):
    """One subscription. `to`: addresses, and `chat:<connection>`; `format`: the PDF attached to a mail, the
    mail alone, or a message to the chats alone. Either `report` or `alert`, the figure that is `below` its
    line. `locale`: empty for REPORT_LOCALE."""

    # It is part of a Message-ID and of statements.
    name: str = Field(pattern=f"^{NAME}$")
    to: Annotated[Several[str], AfterValidator(_recipients)]
    report: PeriodKind | None = None
    format: Format = "pdf"
    only: Annotated[Slice, AfterValidator(_known_values)] = WHOLE
    locale: Annotated[str, AfterValidator(_optional_locale)] = ""
    alert: Figure | None = None
    # A report has no line.
    below: Below = Below.model_construct()
    at_least: AtLeast = AtLeast()

    @field_validator("name", mode="after")
    @classmethod
    def _taken_once(
        cls,
        name: str,
        info: ValidationInfo,
    ) -> str:
        if name in (info.context or ()):
            raise ValueError(f"there is another subscription {name}")
        return name

    @model_validator(mode="after")
    def _report_or_alert(self) -> Self:
        if (self.report is None) == (self.alert is None):
            raise ValueError("needs either report or alert")
        kind = "report" if self.report else "alert"
        for key in sorted(self.model_fields_set & FOREIGN_KEYS[kind]):
            raise ValueError(f"{key} is no key of a subscription with {kind}")
        if self.alert and "below" not in self.model_fields_set:
            raise ValueError("an alert needs below")
        if self.format == "chat" and self.addresses:
            raise ValueError(f"the format chat is for {CHAT}<connection> only")
        self._check_line()
        return self

    def _check_line(self) -> None:
        """Raise ValueError where the warehouse has no line for the figure of this slice."""
        line = self.below.of
        is_net = self.only.is_whole or line == "target"
        figure = "net_sales" if is_net else "gross_sales"
        if line in ("forecast", "target") and self.alert != figure:
            raise ValueError(f"the {line} of this slice is of {figure}")
        if line == "forecast" and not self.series:
            raise ValueError("only one channel or one category has a forecast")
        if line == "target" and not self.series.startswith(("total", "channel:")):
            raise ValueError("only the whole shop or one channel has a target")

    @property
    def series(self) -> str:
        """The series of forecasts of the slice: `total`, `channel:<name>` or `category:<name>`; empty where
        it has none."""
        match list(self.only.limits()):
            case []:
                return "total"
            case [("channel" | "category" as dimension, [name])]:
                return f"{dimension}:{name}"
        return ""

    @property
    def addresses(self) -> list[str]:
        """The e-mail addresses of `to`."""
        return [entry for entry in self.to if not entry.startswith(CHAT)]

    @property
    def chats(self) -> list[str]:
        """The connections of the chats of `to`."""
        return [entry.removeprefix(CHAT) for entry in self.to if entry.startswith(CHAT)]


UNKNOWN_KEY = (
    f"no key of a subscription; the keys are {', '.join(Subscription.model_fields)}"
)


class Subscriptions(BaseModel):
    """The subscriptions that can be served, and a sentence about each of the others."""

    valid: list[Subscription] = []
    problems: list[str] = []

    def to(self, kind: PeriodKind) -> list[Subscription]:
        """Return the subscriptions to reports of one kind of period."""
        return [each for each in self.valid if each.report == kind]

    @property
    def alerts(self) -> list[Subscription]:
        """The subscriptions to alerts."""
        return [each for each in self.valid if each.alert]


def load_subscriptions() -> Subscriptions:
    """Return the subscriptions of the Variable, or of the file where it is empty. An invalid one stops only
    itself."""
    from airflow.sdk import Variable

    text = Variable.get(VARIABLE_REPORT_SUBSCRIPTIONS, default="")
    place = f"the Variable {VARIABLE_REPORT_SUBSCRIPTIONS}"
    if not text.strip() and FILE.exists():
        text = FILE.read_text("utf-8", errors="replace")
        place = f"include/{FILE.name}"
    return parse_subscriptions(text, place)


def parse_subscriptions(text: str, place: str) -> Subscriptions:
    """Return the subscriptions of a YAML text, which problems name as `place`."""
    found = Subscriptions()
    try:
        entries = parse_yaml(text) or []
    except ValueError as error:
        return Subscriptions(problems=[f"{place} {error}"])
    if not isinstance(entries, list):
        return Subscriptions(problems=[f"{place} is no list of subscriptions"])
    for number, entry in enumerate(entries):
        names = [subscription.name for subscription in found.valid]
        try:
            found.valid.append(Subscription.model_validate(entry, context=names))
        except ValidationError as error:
            line, problem = first_problem(
                error,
                text,
                UNKNOWN_KEY,
                number,
            )
            found.problems.append(f"{place} line {line}: {_title(entry)}{problem}")
    return found


def _title(entry: object) -> str:
    """Return the name of an invalid subscription, if it has one that can be shown."""
    match entry:
        case {"name": str(name)} if re.fullmatch(NAME, name):
            return f"{name}: "
    return ""
