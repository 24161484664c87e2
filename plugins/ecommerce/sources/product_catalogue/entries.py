"""What an entry of the catalogue must be to be a product, and what to call what is wrong with it."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError


def text_of(value: Any) -> Any:
    """A number is the text that it is written as; a text without blanks around it, and None for an empty
    one."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return f"{Decimal(str(value)):f}"
    if isinstance(value, str):
        if re.search("[\0-\x08\x0e-\x1f\ud800-\udfff]", value):
            raise ValueError("control characters")
        return value.strip() or None
    return value


def _instant(value: Any) -> Any:
    if isinstance(value, str) and value.strip():
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime) and not 1970 <= value.year <= 2200:
        raise ValueError("no product is of that year")
    return value or None


Text = BeforeValidator(text_of)


class Entry(BaseModel):
    """What a product of the catalogue must be; `price` and `currency` are looked at and not kept."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sku: Annotated[str, Field(max_length=200, pattern=r"^[^\t-\r]+$"), Text]
    name: Annotated[str | None, Field(max_length=2_000), Text] = None
    category: Annotated[str | None, Field(max_length=2_000), Text] = None
    price: Annotated[str | None, Field(pattern=r"^\d{1,14}(\.\d+)?$"), Text] = None
    currency: Annotated[str | None, Field(pattern=r"^[A-Za-z]{3}$"), Text] = None
    image_url: Annotated[str | None, Field(max_length=4_000), Text] = None
    updated_at: Annotated[AwareDatetime | None, BeforeValidator(_instant)] = None


_REASONS = {
    "sku": "invalid_text",
    "name": "invalid_text",
    "category": "invalid_text",
    "price": "invalid_number",
    "currency": "invalid_currency",
    "image_url": "invalid_url",
    "updated_at": "invalid_timestamp",
}


def fault_of(error: ValidationError, values: dict[str, Any]) -> tuple[str, str]:
    """Code and detail of the first thing that is wrong."""
    name = str(error.errors()[0]["loc"][0])
    value = values[name]
    if name == "sku" and (value is None or not str(value).strip()):
        return "missing_value", "sku"
    return _REASONS[name], f"{name} {value!r}"
