"""What Filebeat makes of a line and Elasticsearch of a document, as far as deploy/logging asks for it."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

_TYPES = {"keyword": str, "match_only_text": str, "integer": int}


def document(line: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The document Filebeat sends for one line of a container, by the parsers and processors of `config`.

    Raises:
        ValueError: a processor would fail.
    """
    (source,) = config["filebeat.inputs"]
    parsers = {
        name: options
        for parser in source["parsers"]
        for name, options in parser.items()
    }
    try:
        event: dict[str, Any] = {parsers["ndjson"]["target"]: json.loads(line)}
    except json.JSONDecodeError:
        if not parsers["ndjson"]["ignore_decoding_error"]:
            raise
        return {"message": line}
    for processor in config["processors"]:
        ((name, options),) = processor.items()
        _PROCESSORS[name](event, options)
    return event


def misfits(
    event: Mapping[str, Any], mappings: Mapping[str, Any], path: str = ""
) -> Iterator[str]:
    """The fields of a document that an index with `mappings` would not index as they are."""
    for name, value in event.items():
        here = f"{path}{name}"
        mapping = mappings["properties"].get(name)
        if mapping is None:
            yield f"{here} is not mapped"
        elif "properties" in mapping:
            yield from misfits(value, mapping, f"{here}.")
        elif mapping["type"] == "flattened":
            if not isinstance(value, dict):
                yield f"{here} is no object"
        elif mapping["type"] == "date":
            if datetime.fromisoformat(value).tzinfo is None:
                yield f"{here} has no timezone"
        elif not isinstance(value, _TYPES[mapping["type"]]):
            yield f"{here} is {type(value).__name__}, not {mapping['type']}"


def _timestamp(event: dict[str, Any], options: Mapping[str, Any]) -> None:
    parent, name = _parent(event, options["field"])
    if name not in parent:
        if not options["ignore_missing"]:
            raise ValueError(f"{options['field']} is missing")
        return
    # Go's layout 2006-01-02T15:04:05.999999Z: up to six digits, in UTC.
    datetime.strptime(parent[name], "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007 - the layout itself says UTC
    event["@timestamp"] = parent[name]


def _rename(event: dict[str, Any], options: Mapping[str, Any]) -> None:
    for field in options["fields"]:
        parent, name = _parent(event, field["from"])
        if name in parent:
            target, new = _parent(event, field["to"])
            if new in target:
                raise ValueError(f"{field['to']} is there already")
            target[new] = parent.pop(name)


def _drop_fields(event: dict[str, Any], options: Mapping[str, Any]) -> None:
    for field in options["fields"]:
        parent, name = _parent(event, field)
        parent.pop(name, None)


_PROCESSORS = {"timestamp": _timestamp, "rename": _rename, "drop_fields": _drop_fields}


def _parent(event: dict[str, Any], field: str) -> tuple[dict[str, Any], str]:
    *path, name = field.split(".")
    for part in path:
        event = event.setdefault(part, {})
    return event, name
