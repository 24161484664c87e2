"""
# Retries

**When it fails:** that is what it is for: the kind of error decides whether a task is tried again.
"""

from datetime import timedelta

from airflow.sdk import DAG, task

from ecommerce.core import errors
from ecommerce.mail.alerts import DEFAULT_ARGS
from ecommerce.runtime.retries import NETWORK_RETRIES

RETRIES = 3
PAUSE = timedelta(seconds=2)
ARGUMENTS = NETWORK_RETRIES | {"retries": RETRIES, "retry_delay": PAUSE}
ERRORS = {
    "lost_connection": errors.TransientError("the other side does not answer"),
    "other_library": ConnectionError("broken pipe"),
    "unforeseen": ValueError("nobody thought of this"),
    "wrong_password": errors.CredentialsError("the other side refuses the login"),
    "wrong_setting": errors.ConfigurationError("SHOP_TIMEZONE is not set"),
    "wrong_answer": errors.ContractError("page 3 is not a JSON list"),
    "wrong_data": errors.CheckFailed("net sales are not gross less discounts"),
    "mistake": TypeError("unsupported operand"),
}

with DAG(
    dag_id="retries", schedule=None, default_args=DEFAULT_ARGS, doc_md=__doc__
) as dag:

    @task(**ARGUMENTS)
    def fails(name):
        raise ERRORS[name]

    @task(**ARGUMENTS)
    def recovers(*, ti):
        if ti.try_number < RETRIES:
            raise ERRORS["lost_connection"]

    for each in ERRORS:
        fails.override(task_id=each)(each)
    recovers()
