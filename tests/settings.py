"""Settings of an environment that a test makes up."""

import os
from unittest import mock

from ecommerce.core.settings import load_settings


def settings_of(variables):
    """The settings in `variables` alone."""
    with mock.patch.dict(os.environ, variables, clear=True):
        return load_settings()
