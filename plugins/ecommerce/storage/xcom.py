"""How values of this package travel through XCom and `manifest.json`: as plain JSON types, by pydantic. Dates
and instants become ISO texts, amounts decimal texts, so nothing passes through a float."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NewType, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")
Plain = NewType("Plain", dict[str, Any])
"""What `to_xcom` makes of a dataclass, and what tasks return. Where a task is annotated with `dict`, Airflow
stores each key as another XCom, with a request for each."""


def to_xcom(value: Any) -> Any:
    """`value`, a dataclass or a list of them, in plain JSON types; `from_xcom` is the inverse."""
    if isinstance(value, list):
        return [to_xcom(each) for each in value]
    return _adapter(type(value)).dump_python(value, mode="json")


def from_xcom(kind: type[T], plain: Any) -> T:
    """The `kind` of which `to_xcom` made `plain`; pydantic.ValidationError where that was something else."""
    return cast(T, _adapter(kind).validate_python(plain))


def all_from_xcom(kind: type[T], plain: Sequence[Any]) -> list[T]:
    """As `from_xcom`, for each of a list."""
    return [from_xcom(kind, each) for each in plain]


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
