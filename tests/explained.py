"""The words of the warnings of extracts and transforms."""

import json

from ecommerce.core.data_warnings import wording


def findings(warnings):
    """Return what each warning found; stored ones are JSON."""
    return [
        wording(json.loads(each) if isinstance(each, str) else each).found
        for each in warnings
    ]
