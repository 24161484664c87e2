"""The command `history`, against a stand-in for Airflow, on 21 November 2026."""

import pytest

from tests.unit.cli.airflow_server import instance, instances, log_of, run

COMMAND = "history --from 2026-09-15"
SEPTEMBER = "2026-09-15__2026-09-30"
OCTOBER = "2026-10-01__2026-10-31"
NOVEMBER = "2026-11-01__2026-11-20"


def runs_of(**states):
    """Return runs in these states, by the name of their month, or by their id."""
    ids = {"september": SEPTEMBER, "october": OCTOBER, "november": NOVEMBER}
    listed = []
    for name, state in states.items():
        listed.append(run(None, state, dag_run_id=ids.get(name, name)))
    return {"dag_runs": listed}


DONE = runs_of(september="success", october="success", november="success")
RETRIED = instance("extract.storefront", "up_for_retry") | {"dag_run_id": OCTOBER}
CASES = {
    "three months": (COMMAND, {"GET dagRuns": [{"dag_runs": []}, DONE]}),
    "one source up to a day": (
        f"{COMMAND} --to 2026-10-02 --source storefront",
        {
            "GET dagRuns": [
                {"dag_runs": []},
                runs_of(
                    **{
                        f"{SEPTEMBER}__storefront": "success",
                        "2026-10-01__2026-10-02__storefront": "success",
                    }
                ),
            ]
        },
    ),
    "it continues where it stopped": (
        COMMAND,
        {
            "GET dagRuns": [
                runs_of(september="success", october="failed", november="running"),
                DONE,
            ]
        },
    ),
    "every month again": (
        f"{COMMAND} --again",
        {"GET dagRuns": [DONE, runs_of(october="queued"), DONE]},
    ),
    "nothing to do": (COMMAND, {"GET dagRuns": [DONE]}),
    "an attempt is repeated, then fails": (
        COMMAND,
        {
            "GET dagRuns": [
                runs_of(september="success", november="success"),
                runs_of(october="running"),
                runs_of(october="failed"),
            ],
            "GET ~/taskInstances": [{"task_instances": [RETRIED]}],
            "GET taskInstances": [instances("extract.storefront")],
            "GET logs/1": [log_of("the storefront is down")],
        },
    ),
    "from after to": (f"{COMMAND} --to 2026-09-14", {}),
    "a day that has not ended": (f"{COMMAND} --to 2026-11-21", {}),
    "the DAG is paused": (COMMAND, {"GET": [{"is_paused": True}]}),
}


@pytest.mark.parametrize("name", CASES)
def test_history(name, check):
    check(*CASES[name])
