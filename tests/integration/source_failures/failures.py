"""The failures of a source."""

import re

import pytest

from ecommerce.core.errors import PipelineError

SECRET = "a-secret"
"""In the connections, and in answers that no message may quote."""
DIFFERENT = {
    r"(127\.0\.0\.1|localhost)(:|\", port )\d+": r"\1\2PORT",
    r"\(curl: \d+\)": "(curl: CODE)",
    r"(order_items|control_totals)\.sql": "QUERY.sql",  # which of two comes first
    r" LINE \d+:.*?: adapt": ": adapt",
    r"'PK.*": "'PK…",
}
"""What differs between two runs or two machines."""


class Failures:
    """Failures by case."""

    def __init__(self):
        self.errors = {}

    def add(self, case, read, kind, noun):
        """Read; assert that it fails with this kind of error, and a noun in its text."""
        with pytest.raises(PipelineError) as caught:
            read()
        error = caught.value
        assert type(error) is kind, f"{case}: {error!r}"
        assert noun in str(error), case
        assert SECRET not in str(error), case
        self.errors[case] = error

    def text(self):
        """All sentences."""
        lines = []
        for case, error in self.errors.items():
            sentence = str(error)
            for pattern, mask in DIFFERENT.items():
                sentence = re.sub(pattern, mask, sentence)
            lines += [f"{case} ({type(error).__name__})", f"    {sentence}"]
        return "\n".join(lines)
