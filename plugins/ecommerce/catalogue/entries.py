"""Products of the catalogue: the schema of an entry."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

Text = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00-\x08\x0e-\x1f]*$")]
"""A text without control characters other than blanks."""


class CatalogueProduct(BaseModel):
    """One product of the catalogue, the schema of an entry. `image_url` is absolute but not validated;
    `price` and `currency` are validated and not kept."""

    model_config = ConfigDict(
        frozen=True,
        coerce_numbers_to_str=True,
        str_strip_whitespace=True,
    )

    sku: Annotated[str, Field(max_length=200, pattern=r"^\P{Cc}+$")]
    name: Text | None = None
    category: Text | None = None
    price: Annotated[Decimal | None, Field(ge=0, exclude=True)] = None
    currency: Annotated[str | None, Field(pattern="^[A-Za-z]{3}$", exclude=True)] = None
    image_url: Annotated[Text | None, Field(max_length=4_000)] = None
    updated_at: AwareDatetime | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_missing(cls, value: Any) -> Any:
        return None if value == "" else value


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """An invalid entry, with the columns of its row in `rejected_rows`."""

    row_number: int
    """Of the entry in all pages, from 1."""
    file: str
    """The page."""
    sku: str | None
    """None where it is unknown."""
    reason: str
    """A code such as invalid_price."""
    detail: str
    raw: str
    """Cut and masked."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The result of one fetch: `products` in order of sku; `superseded` counts older entries of a sku."""

    products: list[CatalogueProduct]
    rejected: list[RejectedEntry]
    superseded: int
