"""How partners write their CSV files: the standard layout, and one file `include/partners/<partner>.yaml` for
each partner with a layout of its own. docs/RECIPES.md has an example and all keys."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain, product
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from ecommerce.core.paths import INCLUDE
from ecommerce.core.settings import load_settings
from ecommerce.core.text import country_codes
from ecommerce.core.yaml_texts import Several, first_problem, parse_yaml
from ecommerce.sources.csv_records import column_name

FOLDER = INCLUDE / "partners"
SHIPPED = FOLDER / "layouts"
"""Layouts of marketplaces, which a partner's layout can extend."""
COLUMNS = (
    "order_id",
    "line_number",
    "ordered_at",
    "updated_at",
    "status",
    "sku",
    "product_name",
    "category",
    "quantity",
    "unit_price",
    "discount_amount",
    "tax_amount",
    "currency",
    "customer_email",
    "country_code",
)
SETTLEMENT_COLUMNS = (
    "settlement_id",
    "deposited_on",
    "deposit_amount",
    "currency",
    "order_id",
    "amount",
    "posted_at",
)
"""Those of a settlement, the statement of a marketplace about one or more payouts."""
SETTLEMENT_OPTIONAL = ("fee_amount",)
"""Columns that a settlement may lack: one without a fee on each row has rows of fees."""
STANDARD_COLUMNS = {"orders": COLUMNS, "settlement": SETTLEMENT_COLUMNS}
"""The columns of a file without other names, by the kind of its layout."""
SETTLEMENT = "_settlement"
"""What the names of settlement files have behind the partner, and those of their layouts."""
PAYMENT_KINDS = (
    "charge",
    "refund",
    "chargeback",
    "chargeback_reversal",
    "adjustment",
    "commission",
    "other",
)
OPTIONAL_COLUMNS = ("unit_cost",)
"""Columns that a file may lack."""
COMPUTED = {
    "line_amount",
    "amount_after_discount",
    "tax_rate",
    "tax_before_discount",
    "shipping_tax_before_discount",
    "shipping_discount_amount",
    "order_discount_amount",
    "order_tax_amount",
    "order_shipping_amount",
    "order_fee_amount",
}
"""Columns of a layout of its own from which amounts of the lines are computed. Those of an order are on each
of its lines, or on the first only."""
LAYOUT_COLUMNS = (
    *sorted(COMPUTED),
    "shipping_amount",
    "shipping_tax_amount",
    "fee_amount",
    "refunded_at",
)
"""Further columns of ours that only a layout of its own can have."""
AMOUNTS = (
    "quantity",
    "unit_price",
    "discount_amount",
    "tax_amount",
    "unit_cost",
    *sorted(COMPUTED),
    "shipping_amount",
    "shipping_tax_amount",
    "fee_amount",
)
"""Columns of numbers in a layout of orders."""
REPLACED = {
    "line_amount": ["unit_price"],
    "amount_after_discount": ["unit_price", "discount_amount"],
    "order_discount_amount": ["discount_amount"],
    "order_tax_amount": ["tax_amount"],
    "tax_rate": ["tax_amount"],
    "tax_before_discount": ["tax_amount"],
}
"""Standard columns that a file with one of these need not have."""


MEANT_ENCODINGS = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "utf-8-sig": "utf-8",
}
"""What programs write under the name of another encoding, as browsers read it: in Latin-1, € is a control
character."""
Texts = Mapping[str, Sequence[str]]
"""One or several texts by name."""


def _known_encoding(name: str) -> str:
    try:
        # Of an encoding that is none of text, such as hex, it is an error.
        "".encode(name)
        known = codecs.lookup(name).name
        return MEANT_ENCODINGS.get(known, known)
    except LookupError:
        raise ValueError(
            "must be an encoding that Python knows, such as latin-1"
        ) from None


def _known_date_formats(formats: Sequence[str]) -> Sequence[str]:
    import duckdb

    day = date(2001, 2, 3)
    question = "SELECT try_strptime(strftime(?, ?), ?)::DATE"
    for written, read in product(formats, formats):
        try:
            [[found]] = duckdb.execute(question, [day, written, read]).fetchall()
        except duckdb.Error:
            raise ValueError("must be a date format such as %d.%m.%Y %H:%M") from None
        # The year of `%Y` may have two digits, and is then none.
        if written != read and found not in (None, day) and found.year >= 1000:
            raise ValueError(f"{written} and {read} read one text as different days")
    return formats


def _known_column(name: str, info: ValidationInfo) -> str:
    """Return one of our columns; the context is the kind of the layout, by default that of orders."""
    known: Sequence[str] = SETTLEMENT_COLUMNS + SETTLEMENT_OPTIONAL
    if info.context != "settlement":
        known = (*COLUMNS, *OPTIONAL_COLUMNS, *LAYOUT_COLUMNS)
        # Only another column needs the settings, which take longer to read.
        if name not in known:
            known = (*known, *load_settings().order_attributes)
    if name not in known:
        raise ValueError(
            f"{name} must be one of {', '.join(known)}, or (of orders) be named in ORDER_ATTRIBUTES"
        )
    return name


def _column_of_the_file(name: str) -> str:
    if name in ("order_id", "line_number", "settlement_id", "amount"):
        raise ValueError(f"{name} must be a column of the file")
    return name


def _column_of_texts(name: str) -> str:
    if name in (*AMOUNTS, "amount", "deposit_amount"):
        # An amount of a column for debits would lose its sign.
        raise ValueError(f"{name} must be one column of the file")
    return name


def _known_language(name: str) -> str:
    country_codes(name)
    return name


def _known_payment(rule: Texts) -> Texts:
    if rule.get("is") not in [(kind,) for kind in PAYMENT_KINDS]:
        raise ValueError(f"is must be one of {', '.join(PAYMENT_KINDS)}")
    return rule


Column = Annotated[str, AfterValidator(_known_column)]
Constant = Annotated[Column, AfterValidator(_column_of_the_file)]
Joined = Annotated[Column, AfterValidator(_column_of_texts)]
Language = Annotated[str, AfterValidator(_known_language)]
Name = Annotated[str, AfterValidator(column_name)]
"""The name of a column in the file."""
PaymentRule = Annotated[Mapping[Name, Several[str]], AfterValidator(_known_payment)]


class Layout(BaseModel):
    """The layout of a partner's CSV files; without arguments, the standard one. docs/RECIPES.md describes the
    keys. Times without an offset are in `timezone` or the shop's; without `date_format`, they are ISO 8601
    with an offset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delimiter: Literal[",", ";", "|", "\t"] = ","
    quoting: Literal["standard", "none"] = "standard"
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    decimal_comma: bool = False
    thousands: Literal[",", ".", " ", "'"] | None = None
    date_format: Annotated[Several[str], AfterValidator(_known_date_formats)] = ()
    month_names: tuple[str, ...] = ()
    timezone: ZoneInfo | None = None
    columns: Mapping[Name, Several[Column]] = {}
    joined: Mapping[Joined, tuple[Name, ...]] = {}
    constants: Mapping[Constant, str] = {}
    values: Mapping[Column, Mapping[str, str]] = {}
    country_names: Several[Language] = ()
    negated: Several[Column] = ()
    number_lines: bool = False
    fill_down: Several[Name] = ()
    skip_without: Name | None = None
    only: Mapping[Name, Several[str]] = {}
    refund_when: Mapping[Name, Several[str]] = {}
    prices_include_tax: bool = False
    kind: Literal["orders", "settlement"] = "orders"
    payments: tuple[PaymentRule, ...] = ()
    extends: str | None = None

    _problem: str | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _set_each_column_once(self) -> Layout:
        names = [*self.constants, *self.joined, *chain(*self.columns.values())]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"columns or constants: {name} is set more than once")
        if self.month_names and len(self.month_names) != 12:
            raise ValueError("month_names: must be twelve names")
        return self

    @property
    def problem(self) -> str | None:
        """What is wrong with the file of the layout, which then has no keys; None if it is valid."""
        return self._problem

    @property
    def renamed(self) -> dict[str, Sequence[str]]:
        """The file's names of each column of ours that has other names there; most have one."""
        renamed: dict[str, Sequence[str]] = {**self.joined}
        for name_in_file, targets in self.columns.items():
            for name in targets:
                renamed[name] = [name_in_file]
        return renamed

    def file_columns(self, names: Sequence[str]) -> Texts:
        """Return the file's names of each column of ours that is not constant: of those that have other names
        there, and of the others of `names` that it has by their own."""
        renamed = self.renamed
        absent = {*self.constants}
        if self.number_lines:
            absent.add("line_number")
        for name in [*renamed, *self.constants]:
            absent.update(REPLACED.get(name, []))
        own = {name: [name] for name in names if name not in absent}
        return own | renamed

    def rule_columns(self) -> list[str]:
        """Return the columns, the file's or ours, that rules about rows name."""
        names = [*self.only, *self.refund_when, *self.fill_down]
        if self.skip_without:
            names.append(self.skip_without)
        for rule in self.payments:
            names += [name for name in rule if name != "is"]
        return names

    def header_columns(self) -> list[str]:
        """Return the columns that a header must have."""
        columns = self.file_columns(STANDARD_COLUMNS[self.kind])
        names = [name for name in self.rule_columns() if name not in columns]
        return list(dict.fromkeys([*names, *chain(*columns.values())]))


OTHER_KEYS = {
    "orders": {"payments"},
    "settlement": {
        "values",
        "country_names",
        "number_lines",
        "fill_down",
        "skip_without",
        "only",
        "refund_when",
        "prices_include_tax",
    },
}
"""Keys that are invalid in a layout of each kind."""
UNKNOWN_KEY = f"no key of a layout; the keys are {', '.join(Layout.model_fields)}"
STANDARD = Layout.model_construct()
STANDARD_SETTLEMENT = Layout.model_validate(
    {
        "kind": "settlement",
        "payments": [{"is": kind, "kind": kind} for kind in PAYMENT_KINDS],
    }
)


def is_settlement(partner: str) -> bool:
    """Return whether the partner in the name of a file is that of settlements: `amazon_settlement`."""
    return partner.lower().endswith(SETTLEMENT)


def partner_layouts() -> dict[str, Layout]:
    """Return the layouts of `include/partners/` by partner, in lower case; other partners have `STANDARD`.
    One whose file is not YAML, or has an invalid key or value, has a `problem`."""
    layouts = {}
    for file in sorted(FOLDER.glob("*.y*ml")):
        try:
            layout = _layout(file)
        except ValueError as error:
            # The other partners' files do not wait.
            layout = Layout()
            layout._problem = f"include/partners/{file.name} {error}"
        layouts[file.stem.lower()] = layout
    return layouts


def _layout(file: Path) -> Layout:
    """Return the layout of a file; ValueError where it cannot be used."""
    text = file.read_text("utf-8", "surrogateescape")
    keys = parse_yaml(text) or {}
    if not isinstance(keys, dict):
        raise ValueError("is not valid YAML: it has no keys")
    kind = "settlement" if is_settlement(file.stem) else "orders"
    try:
        layout = Layout.model_validate(keys, context=keys.get("kind", kind))
    except ValidationError as error:
        line, problem = first_problem(error, text, UNKNOWN_KEY)
        raise ValueError(f"line {line}: {problem}") from None
    if layout.extends:
        shipped = SHIPPED / f"{layout.extends}.yaml"
        if not shipped.exists():
            raise ValueError(f"extends: there is no {shipped.name}")
        layout = _extended(_layout(shipped), layout)
    if layout.kind != kind:
        raise ValueError(
            f"kind: settlement is the kind of a layout <partner>{SETTLEMENT}.yaml, and of no other"
        )
    for key in sorted(layout.model_fields_set & OTHER_KEYS[kind]):
        raise ValueError(f"kind: {key} is no key of the kind {kind}")
    return layout


def _extended(shipped: Layout, own: Layout) -> Layout:
    """Return a shipped layout with the keys of a partner's own. Only the latter sets the columns of ours that
    both set."""
    set_by_own = {*own.renamed, *own.constants}
    keys = shipped.model_dump(exclude_unset=True)
    for name, targets in shipped.columns.items():
        others = [target for target in targets if target not in set_by_own]
        keys["columns"][name] = tuple(others)
    for mapping in ("constants", "joined"):
        for name in set_by_own:
            keys.get(mapping, {}).pop(name, None)
    _merge(keys, own.model_dump(exclude_unset=True))
    return Layout.model_construct(**keys)


def _merge(keys: dict[str, Any], own: Mapping[str, Any]) -> None:
    """Set keys to the values of `own`, in mappings too."""
    for key, value in own.items():
        if isinstance(value, dict):
            _merge(keys.setdefault(key, {}), value)
        else:
            keys[key] = value
