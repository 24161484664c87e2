"""Products of the catalogue: the schema of an entry, and the reason codes of invalid ones."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
)

from ecommerce.core.email_masking import safe_id
from ecommerce.core.settings import load_settings


def text_of(value: Any) -> Any:
    """Return a number as text, and a text stripped; None for an empty one."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return f"{Decimal(str(value)):f}"
    if isinstance(value, str):
        if re.search("[\0-\x08\x0e-\x1f\ud800-\udfff]", value):
            raise ValueError("control characters")
        return value.strip() or None
    return value


def safe_sku(sku: str, hash_key: str) -> str:
    """Replace an address in a SKU, as in order lines; ValueError where nothing of it is readable."""
    safe = safe_id(sku, hash_key)
    if not safe:
        raise ValueError("control characters only")
    return safe


def _safe_sku(sku: str, info: ValidationInfo) -> str:
    """Return `safe_sku`, with the hash key of the validation's context, or of the settings."""
    key = (info.context or {}).get("customer_hash_key")
    return safe_sku(sku, key or load_settings().customer_hash_key)


def _instant(value: Any) -> Any:
    if isinstance(value, str) and value.strip():
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime) and not 1970 <= value.year <= 2200:
        raise ValueError("no product is of that year")
    return value or None


Text = BeforeValidator(text_of)


class CatalogueProduct(BaseModel):
    """One product of the catalogue, the schema of an entry. `image_url` is absolute but not validated;
    `price` and `currency` are validated and not kept."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sku: Annotated[
        str,
        Field(max_length=200, pattern=r"^[^\t-\r]+$"),
        Text,
        AfterValidator(_safe_sku),
    ]
    name: Annotated[str | None, Field(max_length=2_000), Text] = None
    category: Annotated[str | None, Field(max_length=2_000), Text] = None
    price: Annotated[
        str | None, Field(pattern=r"^\d{1,14}(\.\d+)?$", exclude=True), Text
    ] = None
    currency: Annotated[
        str | None, Field(pattern=r"^[A-Za-z]{3}$", exclude=True), Text
    ] = None
    image_url: Annotated[str | None, Field(max_length=4_000), Text] = None
    updated_at: Annotated[AwareDatetime | None, BeforeValidator(_instant)] = None

    @property
    def version(self) -> tuple[Any, ...]:
        """The sort key: of several entries with one sku, the last counts."""
        oldest = datetime.min.replace(tzinfo=UTC)
        return self.updated_at or oldest, *(
            text or "" for text in (self.name, self.category, self.image_url)
        )


REASONS = {
    "sku": "invalid_text",
    "name": "invalid_text",
    "category": "invalid_text",
    "price": "invalid_number",
    "currency": "invalid_currency",
    "image_url": "invalid_url",
    "updated_at": "invalid_timestamp",
}
"""The reason code of an invalid field."""


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """An invalid entry, with names as in `rejected_rows`; `file` is its page, `sku` None where it is unknown,
    `reason` a code, `raw` cut and masked."""

    row_number: int
    file: str
    sku: str | None
    reason: str
    detail: str
    raw: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The result of one fetch: `products` in order of sku; `superseded` counts older entries of a sku."""

    products: list[CatalogueProduct]
    rejected: list[RejectedEntry]
    superseded: int
