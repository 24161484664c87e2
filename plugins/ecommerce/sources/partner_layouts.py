"""How partners write their CSV files: the standard layout, and one file `include/partners/<partner>.yaml` for
each partner with a layout of its own. docs/RECIPES.md has an example."""

from __future__ import annotations

import codecs
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Annotated, Any, Literal
from zoneinfo import ZoneInfo

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
OPTIONAL_COLUMNS = ("unit_cost",)
"""Columns that a file may lack."""


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(
            "must be an encoding that Python knows, such as latin-1"
        ) from None


def _known_date_format(text: str) -> str:
    import duckdb

    if "%z" in text.lower():
        raise ValueError(
            "must have no offset: instants with an offset are read as ISO 8601, without date_format"
        )
    try:
        duckdb.execute("SELECT try_strptime('', ?)", [text])
    except duckdb.Error:
        raise ValueError("must be a date format such as %d.%m.%Y %H:%M") from None
    return text


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


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
    timezone: ZoneInfo | None = None
    columns: Mapping[str, Names] = {}
    constants: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _name_each_column_once(self) -> Layout:
        known = COLUMNS + OPTIONAL_COLUMNS + tuple(load_settings().order_attributes)
        names = list(self.constants)
        for targets in self.columns.values():
            names.extend(targets)
        for name in names:
            if name not in known:
                raise ValueError(
                    f"columns or constants: {name} must be one of {', '.join(known)}"
                )
            if names.count(name) > 1:
                raise ValueError(f"columns or constants: {name} is set more than once")
        for name in ("order_id", "line_number"):
            if name in self.constants:
                raise ValueError(f"constants: {name} must be a column of the file")
        return self

    def file_columns(self, attributes: Sequence[str] = ()) -> dict[str, str]:
        """Return the file's name of each column of ours, of the optional `attributes` too, but not of
        constants."""
        renamed = self.renamed()
        columns = {}
        for name in COLUMNS + tuple(attributes):
            if name not in self.constants:
                columns[name] = renamed.get(name, name)
        return columns

    def renamed(self) -> dict[str, str]:
        """Return the file's name of each column of ours that has another name there."""
        renamed = {}
        for name_in_file, targets in self.columns.items():
            renamed.update(dict.fromkeys(targets, name_in_file))
        return renamed

    def as_utf8(self, stream: IO[bytes]) -> IO[bytes]:
        """Return `stream` in UTF-8. A byte that the encoding does not define is kept, so that only its line
        is rejected."""
        if self.encoding in ("utf-8", "utf-8-sig"):
            return stream
        # Only its methods read and readline are called.
        return Utf8Stream(stream, self.encoding)  # type: ignore[return-value]


class Utf8Stream(io.TextIOWrapper):
    """A file of another encoding, read in UTF-8."""

    was_utf8 = False
    """Whether it has been valid UTF-8 so far, with characters that are not ASCII."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        super().__init__(
            stream, encoding=encoding, errors="surrogateescape", newline="\n"
        )
        self._decoder: Any = codecs.getincrementaldecoder("utf-8")()

    def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]  # noqa: D102
        return self._in_utf8(super().read(size))

    def readline(self, size: int = -1) -> bytes:  # type: ignore[override]  # noqa: D102
        return self._in_utf8(super().readline(size))

    def _in_utf8(self, text: str) -> bytes:
        if self._decoder:
            delivered = text.encode(self.encoding, "surrogateescape")
            try:
                decoded = self._decoder.decode(delivered)
                self.was_utf8 |= not decoded.isascii()
            except UnicodeError:
                self._decoder = None
                self.was_utf8 = False
        return text.encode("utf-8", "surrogateescape")


STANDARD = Layout.model_construct()


def partner_layouts() -> dict[str, Layout]:
    """Return the layouts of `include/partners/` by partner, in lower case; other partners have `STANDARD`.

    Raise ConfigurationError if a file is not YAML, or has an invalid key or value.
    """
    files = sorted(FOLDER.glob("*.y*ml"))
    return {file.stem.lower(): _layout(file) for file in files}


def _layout(file: Path) -> Layout:
    import yaml

    try:
        # The base loader leaves every value a text: NO is Norway here, and 0 an amount.
        text = file.read_text("utf-8")
        values = yaml.load(text, yaml.BaseLoader)  # noqa: S506
        return Layout.model_validate(values or {})
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ConfigurationError(
            f"include/partners/{file.name} is not valid YAML: {problem}"
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = "".join(f"{part}: " for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(
            f"include/partners/{file.name}: {key}{problem}"
        ) from None
