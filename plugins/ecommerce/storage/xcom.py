"""Values in XCom and `manifest.json`: plain JSON types, by pydantic. Dates and instants become ISO texts,
amounts decimal texts, never floats."""

from functools import cache
from typing import Any, NewType, TypeVar, cast

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

T = TypeVar("T")
Plain = NewType("Plain", dict[str, Any])
"""The result of `to_xcom` for a dataclass, as tasks return it. Airflow stores each key of a task annotated
with `dict` as another XCom, with a request for each."""

to_xcom = to_jsonable_python
"""Converts a dataclass or a list of them to plain JSON types."""
_adapter: Any = cache(TypeAdapter)


def from_xcom(kind: type[T], plain: Any) -> T:
    """Convert the result of `to_xcom` back, also to a `list[…]`; pydantic.ValidationError where it fails."""
    return cast(T, _adapter(kind).validate_python(plain))
