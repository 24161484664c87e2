"""What a case of `make check` is given, to spoil one thing."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from demo.services.postgres import Postgres
from tests.integration.company import Company


@dataclass
class Trial:
    """What a case changes: a shop where all is well, the environment, its database."""

    shop: Company
    patch: pytest.MonkeyPatch
    server: Postgres

    def connection(self, name: str, **fields: Any) -> dict[str, Any]:
        """Change fields of a connection in the environment; how it was before."""
        variable = f"AIRFLOW_CONN_{name.upper()}"
        known: dict[str, Any] = json.loads(self.shop.environment[variable])
        self.patch.setenv(variable, json.dumps(known | fields))
        return known

    def sql(self, statements: str) -> None:
        """Run statements as the owner of the shop's database."""
        self.server.psql(statements, self.database)

    @property
    def database(self) -> str:
        """The name of the shop's database."""
        return urlsplit(self.shop.dsn).path.lstrip("/")
