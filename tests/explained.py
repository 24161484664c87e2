"""The words of the warnings of extracts and transforms, and whether the report explains them."""

import json

from ecommerce.core.data_warnings import sentence, wording


def unexplained(warnings):
    """Return the sentences of `warnings` that the report would show without a meaning or an action."""
    return [
        sentence(each)
        for each in warnings
        if not (wording(each).meaning and wording(each).action)
    ]


def findings(warnings):
    """Return what each warning found; stored ones are JSON."""
    return [
        wording(json.loads(each) if isinstance(each, str) else each).found
        for each in warnings
    ]
