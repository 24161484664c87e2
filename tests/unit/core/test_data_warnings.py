"""The wordings of data warnings, as users read them."""

import re
from string import Formatter

import pytest

from ecommerce.core.data_warnings import sentence, wordings

ONE_OF_MANY = re.compile(r"\b1 (?!of\b|has\b)(?:\w+ )?(?!has\b|is\b|was\b)[a-z]+s\b")
"""Such as `1 orders` or `1 late files`."""


def fields_of(kind: str) -> set[str]:
    return {
        name
        for words in wordings()[kind][:3]
        for _, name, _, _ in Formatter().parse(words)
        if name
    }


@pytest.mark.parametrize("kind", wordings())
def test_a_warning_of_one_thing_is_in_the_singular(kind):
    text = sentence(
        {"kind": kind, **dict.fromkeys(fields_of(kind), 1), "source": "shop"}
    )
    assert not ONE_OF_MANY.search(text), text
