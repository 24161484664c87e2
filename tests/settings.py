"""The environment, the settings and the limits that a test makes up."""

import json
import os
from contextlib import contextmanager
from unittest import mock

from ecommerce.core.settings import load_settings


@contextmanager
def environment(variables, *, alone=False):
    """Let this process have `variables`, alone or in addition to its own; later changes are undone."""
    with mock.patch.dict(os.environ, variables, clear=alone):
        yield


def add_environment(monkeypatch, variables):
    """Let this process have `variables` until the end of the patch."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def connect(patch, conn_id, host, **fields):
    """Let a connection lead to a host, by HTTP unless given."""
    connection = {"conn_type": "http", "host": host} | fields
    patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))


def settings_of(variables=None):
    """The settings in `variables` alone, and a hash key, which has no default."""
    key = {"CUSTOMER_HASH_KEY": "0123456789abcdef"}
    with environment(key | (variables or {}), alone=True):
        return load_settings()


def lower(monkeypatch, module, **limits):
    """Lower limits of a module (rows, bytes, seconds), so that a small test reaches them."""
    for name, limit in limits.items():
        assert limit < getattr(module, name), name
        monkeypatch.setattr(module, name, limit)
