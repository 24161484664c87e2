"""Airflow's command, with only the newest versions of the API that tasks call.

Tasks of the same installation call the newest one. Airflow would build every version since 3.0, which takes
another three seconds of CPU time in each process that has the API.
"""

import sys
from typing import Any

from cadwyn import VersionBundle

VERSIONS = 3
"""With fewer, a route that only the second newest one has would be lost, which Airflow refuses."""
_create = VersionBundle.__init__


def build_newest_versions_only() -> None:
    """Let Airflow build only the newest `VERSIONS` of its task API."""
    VersionBundle.__init__ = _create_newest


def _create_newest(bundle: VersionBundle, head: Any, *versions: Any) -> None:
    *newest, oldest = versions[:VERSIONS]
    # A bundle's oldest version has no changes.
    _create(bundle, head, *newest, type(oldest)(oldest.value))


if __name__ == "__main__":
    build_newest_versions_only()
    from airflow.__main__ import main

    sys.exit(main())
