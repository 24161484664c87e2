"""How partners write their CSV files: the standard layout, and one file `include/partners/<partner>.yaml` for
each partner with another one. docs/RECIPES.md has an example."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    model_validator,
)

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.paths import INCLUDE
from ecommerce.core.settings import load_settings

FOLDER = INCLUDE / "partners"
AMOUNTS = ("quantity", "unit_price", "discount_amount", "tax_amount")
INSTANTS = ("ordered_at", "updated_at")
COLUMNS = (
    *(
        "order_id",
        "line_number",
        *INSTANTS,
        "status",
        "sku",
        "product_name",
        "category",
    ),
    *AMOUNTS,
    *("currency", "customer_email", "country_code"),
)


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise ValueError(
            "must be an encoding that Python knows, such as latin-1"
        ) from None
    return codecs.lookup(name).name


def _known_date_format(text: str) -> str:
    import duckdb

    if "%z" in text.lower():
        raise ValueError(
            "must have no offset: instants with an offset are read as ISO 8601, without date_format"
        )
    try:
        duckdb.execute("SELECT try_strptime('', $format)", {"format": text})
    except duckdb.Error:
        raise ValueError("must be a date format such as %d.%m.%Y %H:%M") from None
    return text


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone such as Europe/Berlin")
    return name


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Layout(BaseModel):
    """The layout of a partner's CSV files; without arguments, the standard one.

    `columns` maps the file's column names to ours, one or several. `constants` has values for columns of ours
    that the file lacks. `date_format` (as strptime, in `timezone` or the shop's) is for `ordered_at` and
    `updated_at`; None means ISO 8601 with an offset.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    delimiter: Literal[",", ";", "|", "\t"] = ","
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    decimal_comma: bool = False
    date_format: Annotated[str, AfterValidator(_known_date_format)] | None = None
    timezone: Annotated[str, AfterValidator(_known_timezone)] | None = None
    columns: Mapping[str, Annotated[tuple[str, ...], BeforeValidator(_as_list)]] = {}
    constants: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _name_each_column_once(self) -> Layout:
        known = (*COLUMNS, *load_settings().order_attributes)
        mapped = [ours for targets in self.columns.values() for ours in targets]
        names = [*mapped, *self.constants]
        if unknown := [name for name in names if name not in known]:
            key = "columns" if unknown[0] in mapped else "constants"
            raise ValueError(f"{key}: {unknown[0]} must be one of {', '.join(known)}")
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"columns or constants: {twice[0]} is set more than once")
        if "order_id" in self.constants:
            raise ValueError("constants: order_id must be a column of the file")
        return self

    def file_columns(self, attributes: Sequence[str] = ()) -> dict[str, str]:
        """Return the file's name of each column of ours, of `attributes` too, but not of constants."""
        renamed = self.renamed()
        names = dict.fromkeys((*COLUMNS, *attributes))
        return {
            ours: renamed.get(ours, ours)
            for ours in names
            if ours not in self.constants
        }

    def renamed(self) -> dict[str, str]:
        """Return the file's name of each column of ours that it calls otherwise."""
        return {
            ours: theirs for theirs, targets in self.columns.items() for ours in targets
        }

    def conversions(self) -> dict[str, str]:
        """Return the SQL of each column whose values become those of the standard layout."""
        sql = {name: f"decimal_point({name})" for name in AMOUNTS if self.decimal_comma}
        if self.date_format:
            zone = self.timezone or load_settings().shop_timezone
            form = f"{_literal(self.date_format)}, {_literal(zone)}"
            sql |= {name: f"utc_instant({name}, {form})" for name in INSTANTS}
        return {
            name: value for name, value in sql.items() if name not in self.constants
        }

    @contextmanager
    def as_utf8(self, stream: IO[bytes]) -> Iterator[IO[bytes]]:
        """Provide `stream` in UTF-8. A byte that the encoding does not define is kept, and its line alone
        rejected."""
        if self.encoding == "utf-8":
            yield stream
            return
        text = io.TextIOWrapper(stream, self.encoding, "surrogateescape", newline="\n")
        try:
            yield _Utf8Lines(text)  # type: ignore[misc] # `csv_records` calls nothing else
        finally:
            text.detach()  # else it would close the stream


class _Utf8Lines:
    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text

    def read(self, size: int) -> bytes:
        return self._text.read(size).encode("utf-8", "surrogateescape")

    def readline(self, size: int = -1) -> bytes:
        return self._text.readline(size).encode("utf-8", "surrogateescape")


STANDARD = Layout.model_construct()


def partner_layouts() -> dict[str, Layout]:
    """Return the layouts of `include/partners/` by partner; all other partners have `STANDARD`.
    ConfigurationError where a file is no YAML, has another ending, or a key or value that cannot be used."""
    files = [
        file
        for file in sorted(FOLDER.glob("*"))
        if file.suffix.lower() in (".yaml", ".yml")
    ]
    return {file.stem: _layout(file) for file in files}


def _layout(file: Path) -> Layout:
    import yaml

    what = f"include/partners/{file.name}"
    if file.suffix != ".yaml":
        raise ConfigurationError(f"{what} is not read: rename it {file.stem}.yaml")
    try:
        # The base loader leaves every value a text: NO is Norway here, and 0 an amount.
        values = yaml.load(file.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 # it makes no objects
        return Layout.model_validate(values or {})
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{what} is not valid YAML: {' '.join(str(error).split())}"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        problem = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(
            f"{what}: {f'{key}: ' if key else ''}{problem}"
        ) from None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
