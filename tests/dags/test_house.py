"""The rules of the house: who imports whom, who sees Airflow's context, where names stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecommerce.core import names
from tests.dags.conftest import DAG_FILES, REPOSITORY

PACKAGE = REPOSITORY / "plugins" / "ecommerce"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)
SHARED = {"sources", "warehouse", "mail", "documents"}
OUTSIDE = {"pages", "cli"}
DOMAINS = {path.relative_to(PACKAGE).parts[0] for path in MODULES} - {"core"} - SHARED - OUTSIDE
BELOW_A_DOMAIN = {"core", *SHARED}
MAY_IMPORT = (
    {"core": set()}
    | {package: {"core"} for package in SHARED}
    | dict.fromkeys(DOMAINS, BELOW_A_DOMAIN)
    | dict.fromkeys(OUTSIDE, BELOW_A_DOMAIN | DOMAINS)
)
"""By package, which others it may import; nobody imports pages or cli."""

OF_AIRFLOW = {"context", "ti", "task_instance", "outlet_events", "inlet_events", "xcom_pull", "xcom_push"}
OF_AIRFLOW |= {"get_current_context"}
"""Names by which code takes hold of a run's context or of XCom."""
DECORATORS = {"airflow.sdk.task", "airflow.sdk.task_group"}

MAY_SEE_THE_CONTEXT = {
    "core/context.py": "turns it into plain values, for the modules `tasks`",
    "core/business_day.py": "turns it into the run's day, for the modules `tasks`",
    "core/waiting.py": "Airflow gives it to the listener that tells when a task is tried again",
    "core/script_operator.py": "an operator, as which a module `tasks` runs a script",
    "mail/alerts.py": "Airflow gives it to the notifier of failed tasks",
    "mail/outages.py": "what it tells of, the modules `tasks` give it whole",
}
KINDS = ("DAG_", "TASK_", "VARIABLE_", "CONNECTION_")
NAMES = {value for name, value in vars(names).items() if name.startswith(KINDS)}
LONGEST = 120


def ids(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports: in functions and for type checkers too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "an import names its module in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def identifiers(path: Path) -> set[str]:
    """The names that a file's code gives to values, takes as arguments, looks up or imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Name():
                found.add(node.id)
            case ast.Attribute():
                found.add(node.attr)
            case ast.arg():
                found.add(node.arg)
            case ast.ImportFrom() if node.module and node.module.startswith("airflow"):
                found |= {alias.name for alias in node.names}
    return found


def texts(path: Path) -> Iterator[str]:
    """The texts in a file's code."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_imports_only_what_stands_below_it(path):
    package = path.relative_to(PACKAGE).parts[0]
    others = {
        parts[1]
        for parts in (module.split(".") for module in imported(path))
        if parts[0] == "ecommerce" and parts[1] != package
    }
    assert others <= MAY_IMPORT[package]


@pytest.mark.parametrize("path", DAG_FILES, ids=ids)
def test_a_dag_imports_neither_pages_nor_commands(path):
    assert not [module for module in imported(path) if module.split(".")[:2][-1] in OUTSIDE]


# The command line runs outside Airflow; what it calls a context is its library's.
IN_AIRFLOW = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] != "cli"]


@pytest.mark.parametrize("path", [path for path in IN_AIRFLOW if path.name != "tasks.py"], ids=ids)
def test_knows_nothing_of_airflows_context_and_xcom(path):
    if path.relative_to(PACKAGE).as_posix() not in MAY_SEE_THE_CONTEXT:
        assert not identifiers(path) & OF_AIRFLOW
    assert not DECORATORS & set(imported(path))


@pytest.mark.parametrize("name", MAY_SEE_THE_CONTEXT)
def test_whoever_may_see_the_context_does(name):
    assert identifiers(PACKAGE / name) & OF_AIRFLOW


@pytest.mark.parametrize("path", DAG_FILES, ids=ids)
def test_a_dag_file_says_when_and_in_which_order_and_nothing_else(path):
    text = path.read_text()
    assert len(text.splitlines()) < LONGEST
    code = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, code)]


def test_every_python_task_is_defined_once_in_a_module_of_tasks_and_says_what_it_does(dag):
    for task in dag.tasks:
        mapped = getattr(task, "partial_kwargs", {})
        function = getattr(task, "python_callable", None) or mapped.get("python_callable")
        if function:  # others are operators of a provider
            module = function.__module__.split(".")
            assert module[:1] + module[-1:] == ["ecommerce", "tasks"], task.task_id
            assert function.__doc__, task.task_id


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "tasks.py"], ids=ids)
def test_every_function_of_a_module_of_tasks_is_a_task_with_a_docstring(path):
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        if not function.name.startswith("_"):
            assert any("task" in ast.unparse(each) for each in function.decorator_list), function.name
            assert ast.get_docstring(function), function.name


@pytest.mark.parametrize("path", [*MODULES, *DAG_FILES], ids=ids)
def test_names_of_dags_variables_and_connections_stand_in_one_place(path):
    # The source and its connection have one name; those of sources stand in `ecommerce.sources`.
    elsewhere = {"core/names.py": NAMES, "sources/__init__.py": {names.CONNECTION_SALES_DB}}
    place = path.relative_to(PACKAGE).as_posix() if path in MODULES else path.name
    assert not set(texts(path)) & NAMES - elsewhere.get(place, set())


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_no_message_shows_the_name_of_an_exceptions_class(path):
    # What is said of an error that nobody foresaw shows it: there is no other word for it.
    allowed = {"core/failures.py"}
    found = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("__name__", "__qualname__")
    ]
    assert not found or path.relative_to(PACKAGE).as_posix() in allowed


def test_no_two_names_are_the_same():
    given = [value for name, value in vars(names).items() if name.startswith(KINDS)]
    assert sorted(NAMES) == sorted(given)
