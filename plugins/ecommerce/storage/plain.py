"""Dataclasses as plain JSON, for XCom and files: dates and instants are ISO texts, amounts are decimal texts,
never floats."""

import hashlib
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_jsonable_python

T = TypeVar("T")

# To make one takes longer than to use it.
_adapter = cache(TypeAdapter)
to_plain = to_jsonable_python
"""Converts a dataclass, or a list of them, to plain JSON types."""


def from_plain(kind: type[T], plain: Any) -> T:
    """Convert plain JSON to a dataclass, or to a `list[…]` of them; pydantic.ValidationError where it does
    not fit."""
    adapter: TypeAdapter[T] = _adapter(kind)  # type: ignore[arg-type] # mypy: a type is not hashable
    return adapter.validate_python(plain)


def hash_of(model: BaseModel, **fields: Any) -> str:
    """Return the SHA-256 of a model as JSON; `fields` may `include` or `exclude` some."""
    return hashlib.sha256(model.model_dump_json(**fields).encode()).hexdigest()
