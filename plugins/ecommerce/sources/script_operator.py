"""The operator for a shell script that fetches: what surrounds it is the same for every domain."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk.exceptions import AirflowException

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.errors import PipelineError
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import to_xcom

Context = Mapping[str, Any]


class Workplace(Protocol):
    """The folder in which a script works, and what is done with what it leaves."""

    @property
    def path(self) -> Path:
        """The folder."""
        ...

    def environment(self) -> dict[str, str]:
        """The script's environment, with what nobody else may see."""
        ...

    def problem(self) -> PipelineError:
        """Why the script failed, as the error that its task raises."""
        ...

    def publish(self, folder: str, day: BusinessDay) -> Manifest:
        """Move what the script left into the staging `folder`."""
        ...


class FetchByScript(BashOperator):
    """Runs a script that fetches, with curl; the manifest of what it left.

    Around the script, this process reads the connection and moves files from and to storage: a shell knows
    neither Airflow's connections nor buckets. The password is in no field of the operator, because Airflow
    stores those and shows them; it is put into the script's environment at the moment it is started.

    A domain's class says where the script works and where its files go.
    """

    place: Workplace | None = None

    def workplace(self) -> AbstractContextManager[Workplace]:
        """A place to work in, for the length of a block."""
        raise NotImplementedError

    def destination(self, context: Context) -> tuple[str, BusinessDay]:
        """The staging folder and the business day of a run."""
        raise NotImplementedError

    def execute(self, context: Any) -> dict[str, Any]:
        """Fetch.

        Raises:
            PipelineError: why the script could not, of a kind that says whether trying again may help.
        """
        folder, day = self.destination(context)
        with self.workplace() as self.place:
            try:
                super().execute(context)
            except AirflowException:
                raise self.place.problem() from None
            return to_xcom(self.place.publish(folder, day))

    def get_env(self, context: Any) -> dict[str, str]:
        """The environment of the script."""
        given = self.place.environment() if self.place else {}
        return super().get_env(context) | given
