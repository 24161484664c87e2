"""The failures of a source."""

import pytest

from ecommerce.core.errors import PipelineError

SECRET = "a-secret"
"""In the connections, and in answers that no message may quote."""


def assert_fails(read, kind, words):
    """Read; assert that it fails with this kind of error, and words in its text."""
    with pytest.raises(PipelineError) as caught:
        read()
    error = caught.value
    assert type(error) is kind, repr(error)
    assert words in str(error)
    assert SECRET not in str(error)
