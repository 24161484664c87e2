"""Dataclasses as plain JSON, for XCom and files: dates and instants are ISO texts, amounts are decimal texts,
never floats."""

import hashlib
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_jsonable_python

T = TypeVar("T")


to_plain = to_jsonable_python
"""Converts a dataclass, or a list of them, to plain JSON types."""


def from_plain(kind: type[T], plain: Any) -> T:
    """Convert plain JSON to a dataclass, or to a `list[…]` of them; pydantic.ValidationError where it does
    not fit."""
    return TypeAdapter(kind).validate_python(plain)


def hash_of(model: BaseModel, **fields: Any) -> str:
    """Return the SHA-256 of a model as JSON; `fields` may `include` or `exclude` some."""
    return hashlib.sha256(model.model_dump_json(**fields).encode()).hexdigest()
