"""The operator for a shell script that fetches with curl."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk.exceptions import AirflowException

from ecommerce.core.business_day import BusinessDay
from ecommerce.sources.script_folder import ScriptFolder
from ecommerce.storage.plain import to_plain


class FetchByScript(BashOperator):
    """Runs a script that fetches, and returns the manifest of its files.

    This process reads the connection, and moves files from and to storage, which a shell cannot do. The
    password is in no field of the operator, because Airflow stores and shows those.
    """

    source: str
    """Its name in staging; a subclass sets it, and `fetch_folder`."""
    fetch_folder: Callable[[], AbstractContextManager[ScriptFolder]]
    """Provides the folder of the script."""
    _script_folder: ScriptFolder

    def destination(self, context: Mapping[str, Any]) -> tuple[str, BusinessDay]:
        """Return the staging folder and the business day of a run."""
        raise NotImplementedError

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the script and publish its files; its failure is a PipelineError whose type decides about
        retries."""
        folder, day = self.destination(context)
        with type(self).fetch_folder() as self._script_folder:
            try:
                super().execute(context)
            except AirflowException:
                raise self._script_folder.problem() from None
            return to_plain(self._script_folder.publish(folder, self.source, day))

    def get_env(self, context: Any) -> dict[str, str]:
        """Return the environment of the script, with the password."""
        return super().get_env(context) | self._script_folder.environment
