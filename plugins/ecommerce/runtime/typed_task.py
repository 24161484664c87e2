"""Tasks that take and return dataclasses; XCom stores plain JSON."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from airflow.sdk import task
from pydantic import ConfigDict, validate_call
from pydantic_core import to_jsonable_python

from ecommerce.runtime.retries import NETWORK_RETRIES

# Built at the first call: parsing a DAG file builds no schema.
_CONFIG = ConfigDict(arbitrary_types_allowed=True, defer_build=True)


def typed_task(**arguments: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return the decorator `airflow.sdk.task(**arguments)` for a function whose parameters and result may be
    dataclasses.

    A result is stored as plain JSON: dates and instants as ISO texts, amounts as decimal texts, never floats.
    An argument is converted to the type of its annotation; pydantic.ValidationError where that fails. The
    result is one XCom: Airflow would store each key of a `dict` as another.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        validated = validate_call(config=_CONFIG)(function)

        @wraps(function)
        def execute(*args: Any, **kwargs: Any) -> Any:
            plain_args = [_as_list(value) for value in args]
            plain_kwargs = {name: _as_list(value) for name, value in kwargs.items()}
            return to_jsonable_python(validated(*plain_args, **plain_kwargs))

        return task(multiple_outputs=False, **arguments)(execute)

    return decorate


def network_task(**arguments: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return `typed_task(**arguments)` for a task that uses the network, with `NETWORK_RETRIES`."""
    return typed_task(**NETWORK_RETRIES, **arguments)


def _as_list(value: Any) -> Any:
    """Return the results of a mapped task, which Airflow reads one by one, as a list."""
    # Of its type: `isinstance` would make Airflow request the earlier run that its context offers.
    kind = type(value)
    if issubclass(kind, Sequence) and not issubclass(kind, str):
        return list(value)
    return value
