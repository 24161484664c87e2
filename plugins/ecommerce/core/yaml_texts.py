"""YAML that people write. Its values are texts: NO is Norway here, and 0 an amount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BeforeValidator, ValidationError

from ecommerce.core.email_masking import mask_e_mails

if TYPE_CHECKING:
    from yaml import Node


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


T = TypeVar("T")
Several = Annotated[tuple[T, ...], BeforeValidator(_as_list)]
"""A list, or a text for a list of one."""


def parse_yaml(text: str) -> Any:
    """Return the content of YAML; ValueError with a clause about what is wrong, without an address."""
    import yaml

    try:
        return yaml.load(text, yaml.BaseLoader)  # noqa: S506
    except yaml.YAMLError as error:
        problem = mask_e_mails(" ".join(str(error).split()))
        raise ValueError(f"is not valid YAML: {problem}") from None


def first_problem(
    error: ValidationError, text: str, keys: str, *place: int | str
) -> tuple[int, str]:
    """Return the line in `text` of the first problem of a value, and the problem with the keys that lead to
    it. `place` is where in `text` the value is; `keys` describes an unknown
    key of the value itself."""
    import yaml

    first = error.errors()[0]
    node = yaml.compose(text, yaml.BaseLoader)
    line = node.start_mark.line
    path = ""
    for part in (*place, *first["loc"]):
        entry = _entry(node, part)
        if entry is None:
            break
        key, node = entry
        line = key.start_mark.line
        if isinstance(part, str):
            path += f"{part}: "
    problem = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        problem = keys if len(first["loc"]) == 1 else "unknown key"
    if first["type"] == "missing":
        problem = f"{first['loc'][-1]} is missing"
    return line + 1, mask_e_mails(f"{path}{problem}")


def _entry(node: Node, part: int | str) -> tuple[Node, Node] | None:
    """Return key and value of one key of a mapping; twice the item of one place of a list."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        item = node.value[part]
        return item, item
    return None
