"""Values in XCom and `manifest.json`: plain JSON types, by pydantic. Dates and instants become ISO texts,
amounts decimal texts, never floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NewType, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")
Plain = NewType("Plain", dict[str, Any])
"""The result of `to_xcom` for a dataclass, as tasks return it. Airflow stores each key of a task annotated
with `dict` as another XCom, with a request for each."""


def to_xcom(value: Any) -> Any:
    """Convert a dataclass or a list of them to plain JSON types."""
    if isinstance(value, list):
        return [to_xcom(each) for each in value]
    return _adapter(type(value)).dump_python(value, mode="json")


def from_xcom(kind: type[T], plain: Any) -> T:
    """Convert the result of `to_xcom` back to a `kind`; pydantic.ValidationError where that is impossible."""
    return cast(T, _adapter(kind).validate_python(plain))


def all_from_xcom(kind: type[T], plain: Sequence[Any]) -> list[T]:
    """Convert a list with `from_xcom`."""
    return [from_xcom(kind, each) for each in plain]


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
