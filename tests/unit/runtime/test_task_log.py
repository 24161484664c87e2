"""What is said of a failed task, and that it is the last line of its log."""

from types import SimpleNamespace

import pytest
import structlog
from airflow.sdk.exceptions import AirflowTaskTimeout

from ecommerce.core import errors
from ecommerce.core.error_messages import failure_reason
from ecommerce.runtime import task_log


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.ContractError("w" * 500 + ": add it"), "w" * 500 + ": add it"),
        (errors.ContractError("w" * 2000), "w" * 1000 + "…"),
        (ValueError("x\ny"), "ValueError: x"),
        (KeyError(), "KeyError"),
        ("killed externally", "killed externally"),
        (
            None,
            "the worker stopped without an error (killed, out of memory, or lost): see the log",
        ),
        (
            AirflowTaskTimeout("x"),
            "the task exceeded its execution timeout (TASK_TIMEOUT_SECONDS) and was stopped",
        ),
        (RuntimeError("w" * 1000), "RuntimeError: " + "w" * 236 + "…"),
    ],
)
def test_the_reason_is_one_short_line(error, reason):
    assert failure_reason(error) == reason


@pytest.mark.parametrize("length", range(950, 1000, 3))
def test_no_half_address_is_left_where_a_reason_is_cut_short(length):
    text = "x" * length + " of jane.doe@example.com in line 7"
    assert "jane" not in failure_reason(errors.PipelineError(text))


def test_secrets_airflow_knows_are_masked():
    from airflow.sdk.log import mask_secret

    mask_secret("hunter2hunter2")
    error = RuntimeError("login with hunter2hunter2 refused")
    assert "hunter2" not in failure_reason(error)


def test_the_line_of_the_log_is_whole_and_names_nobody():
    error = errors.ContractError("w" * 1000 + "\n  of jane.doe@example.com")
    assert task_log.attempt_failure(None, error) == "w" * 1000 + " of <e-mail>"


@pytest.fixture
def log():
    """The lines of a task's log, written as by Airflow: its logger is older than the first call of a hook."""
    lines = []
    before = structlog.get_config()

    def write(_, level, event):
        line = f"{level}: {event['event']}"
        if event.get("exc_info"):
            line += ", traceback"
        lines.append(line)
        raise structlog.DropEvent

    structlog.configure(processors=[write], cache_logger_on_first_use=True)
    yield lines
    structlog.configure(**before)


def run_and_fail(error, ti=None):
    """An attempt of a task, as Airflow's task runner logs it and calls the listener."""
    task = structlog.get_logger(logger_name="task")
    task.info("::group::Pre Execute")
    task_log.on_task_instance_running()
    task.info("::endgroup::")
    try:
        raise error
    except type(error):
        task.exception("Task failed with exception")
        task.info("::group::Post Execute")
    task_log.on_task_instance_failed(ti or SimpleNamespace(state="failed"), error)
    task.info("::endgroup::")


BEGIN = ["info: ::group::Pre Execute", "info: ::endgroup::"]
END = ["info: ::group::Post Execute", "info: ::endgroup::"]


def test_an_error_of_the_pipeline_is_its_sentence_last_and_alone(log):
    run_and_fail(errors.TransientError("no answer\nof jane.doe@example.com"))
    failed = "error: Task failed with exception"
    assert log == [*BEGIN, failed, *END, "error: no answer of <e-mail>"]


def test_an_unforeseen_error_keeps_its_traceback_in_every_task_of_a_process(log):
    failed = "error: Task failed with exception, traceback"
    for _ in range(2):
        run_and_fail(ValueError("surprise"))
        assert log == [*BEGIN, failed, *END, "error: ValueError: surprise"]
        log.clear()


def test_the_line_has_the_number_of_the_next_attempt(log):
    ti = SimpleNamespace(state="up_for_retry", try_number=2, max_tries=5)
    run_and_fail(errors.TransientError("no answer"), ti)
    assert log[-1] == "error: no answer; attempt 3 of 6 follows"


def test_a_state_that_is_set_by_hand_is_no_failure_of_this_process(log):
    task_log.on_task_instance_failed(SimpleNamespace(), "set to failed by hand")
    assert log == []
