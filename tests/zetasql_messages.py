"""The answers of Google's analyzer as objects, in a third of the time that the package `zetasql` takes.

The package looks up class, fields and enumerations for each message; here that happens once for each class.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import zetasql.types as zt


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object: its name in the message, and how its value is read: always, or only where the
    message has it."""

    name: str
    stored: str
    is_always_read: bool
    read: Callable[[Any], Any]


def parse(message):
    """Return the object of a message, equal to that of `zt.parse_proto`."""
    while _is_union(type(message)):
        variant = message.WhichOneof("node")
        if not variant:
            break
        message = getattr(message, variant)
    model, levels = _plan(type(message))
    values = {}
    for depth, fields in levels:
        part = message
        for _ in range(depth):
            part = part.parent
        for field in fields:
            if field.is_always_read or part.HasField(field.stored):
                values[field.name] = field.read(getattr(part, field.stored))
    return model(**values)


@cache
def _is_union(kind):
    return "node" in kind.DESCRIPTOR.oneofs_by_name


@cache
def _plan(kind):
    """The class of the objects of a class of messages, and their fields by the level on which the message has
    them: those of a base class are in the message's `parent`."""
    model = _model(kind.DESCRIPTOR)
    classes = [each for each in model.__mro__ if "_PROTO_FIELD_MAP" in vars(each)]
    classes.remove(zt.ProtoModel)
    levels = []
    descriptor = kind.DESCRIPTOR
    for depth, owner in enumerate(classes):
        if depth:
            descriptor = descriptor.fields_by_name["parent"].message_type
        fields = []
        for name, facts in owner._PROTO_FIELD_MAP.items():
            stored = descriptor.fields_by_name.get(facts["proto_field"])
            if stored is not None:
                fields.append(_field(name, facts, stored, model))
        levels.append((depth, fields))
    return model, levels


def _model(descriptor):
    """The class of the objects of a message; that of a nested message is in the class of its outer one."""
    outer = zt
    if descriptor.containing_type is not None:
        outer = _model(descriptor.containing_type)
    return getattr(outer, descriptor.name.removesuffix("Proto"), zt.ProtoModel)


def _field(name, facts, stored, model):
    is_repeated = facts.get("is_repeated", False)
    is_message = facts["is_message"]
    read = _unchanged
    if is_message:
        read = _parse_unless_empty
    elif facts.get("is_enum", False):
        read = _enumeration(facts, model)
    if is_repeated and read is not _unchanged:
        element = parse if is_message else read

        def read(values):
            return [element(value) for value in values]

    is_always_read = is_repeated or not (is_message or stored.containing_oneof)
    return Field(name, stored.name, is_always_read, read)


def _unchanged(value):
    return value


def _parse_unless_empty(message):
    return parse(message) if message.ByteSize() else None


def _enumeration(facts, model):
    """How a number becomes a member of its enumeration, unless that lacks it."""
    outer = sys.modules[model.__module__]
    if facts.get("enum_parent_message"):
        outer = getattr(outer, facts["enum_parent_message"], outer)
    enumeration = getattr(outer, facts["enum_type_name"], None)
    if not (isinstance(enumeration, type) and issubclass(enumeration, IntEnum)):
        return _unchanged
    members = {int(member): member for member in enumeration}
    return lambda value: members.get(value, value)
