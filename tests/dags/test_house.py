"""The rules of the house: who imports whom, who sees Airflow's context, where names stand."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ecommerce.core import names
from tests.dags.conftest import DAG_FILES, REPOSITORY

PACKAGE = REPOSITORY / "plugins" / "ecommerce"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)
SHARED = {"sources", "warehouse", "mail", "reporting"}
OUTSIDE = {"pages", "cli"}
BASE = {"core", "storage", "runtime"}
DOMAINS = {path.relative_to(PACKAGE).parts[0] for path in MODULES} - BASE - SHARED - OUTSIDE
BELOW_A_DOMAIN = BASE | SHARED
MAY_IMPORT = (
    {"core": set(), "storage": {"core"}, "runtime": {"core", "storage"}}
    | dict.fromkeys(SHARED, BASE)
    | dict.fromkeys(DOMAINS, BELOW_A_DOMAIN)
    | dict.fromkeys(OUTSIDE, BELOW_A_DOMAIN | DOMAINS)
)
"""By package, which others it may import; nobody imports pages or cli."""

OF_AIRFLOW = {"context", "ti", "task_instance", "outlet_events", "inlet_events", "xcom_pull", "xcom_push"}
OF_AIRFLOW |= {"get_current_context"}
"""Names by which code takes hold of a run's context or of XCom."""
DECORATORS = {"airflow.sdk.task", "airflow.sdk.task_group"}

MAY_SEE_THE_CONTEXT = {
    "runtime/task_log.py": "listens to the attempts of tasks, which Airflow gives to it",
    "runtime/lineage.py": "asks whether a task is running, to emit events of nothing else",
    "runtime/run_context.py": "turns it into plain values, for the modules `tasks`",
    "core/business_day.py": "turns it into the run's day, for the modules `tasks`",
    "sources/script_operator.py": "an operator, as which a module `tasks` runs a script",
    "mail/alerts.py": "Airflow gives it to the callbacks of failed tasks and runs",
}
KINDS = ("DAG_", "TASK_", "VARIABLE_", "CONNECTION_", "POOL_")
NAMES = {value for name, value in vars(names).items() if name.startswith(KINDS)}
LONGEST = 120


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else REPOSITORY).as_posix()


@cache
def nodes(path: Path) -> list[ast.AST]:
    """A file's code, parsed once for all the rules."""
    return list(ast.walk(ast.parse(path.read_text())))


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports: in functions and for type checkers too."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"an import of {path} does not name its module in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def identifiers(path: Path) -> set[str]:
    """The names that a file's code gives to values, takes as arguments, looks up or imports."""
    found = set()
    for node in nodes(path):
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
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_a_module_imports_only_what_stands_below_it():
    wrong = []
    for path in MODULES:
        package = path.relative_to(PACKAGE).parts[0]
        below = MAY_IMPORT[package] | {package}
        for module in imported(path):
            parts = module.split(".")
            if parts[0] == "ecommerce" and parts[1:] and parts[1] not in below:
                wrong.append(f"{name_of(path)} imports {module}")
    assert not wrong


def test_a_dag_imports_neither_pages_nor_commands():
    assert not [
        f"{path.name} imports {module}"
        for path in DAG_FILES
        for module in imported(path)
        if module.split(".")[:2][-1] in OUTSIDE
    ]


def test_only_the_modules_of_tasks_know_airflows_context_and_xcom():
    wrong = []
    for path in MODULES:
        # The command line runs outside Airflow; what it calls a context is its library's.
        if path.name != "tasks.py" and path.relative_to(PACKAGE).parts[0] != "cli":
            seen = set() if name_of(path) in MAY_SEE_THE_CONTEXT else identifiers(path) & OF_AIRFLOW
            wrong += [f"{name_of(path)}: {name}" for name in sorted(seen | DECORATORS & set(imported(path)))]
    assert not wrong


def test_whoever_may_see_the_context_does():
    assert not [name for name in MAY_SEE_THE_CONTEXT if not identifiers(PACKAGE / name) & OF_AIRFLOW]


def test_a_dag_file_says_when_and_in_which_order_and_nothing_else():
    assert not [path.name for path in DAG_FILES if len(path.read_text().splitlines()) >= LONGEST]
    code = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [
        f"{path.name}:{node.lineno}" for path in DAG_FILES for node in nodes(path) if isinstance(node, code)
    ]


def test_every_python_task_is_defined_once_in_a_module_of_tasks_and_says_what_it_does(dag):
    for task in dag.tasks:
        mapped = getattr(task, "partial_kwargs", {})
        function = getattr(task, "python_callable", None) or mapped.get("python_callable")
        if function:  # others are operators of a provider
            module = function.__module__.split(".")
            assert module[:1] + module[-1:] == ["ecommerce", "tasks"], task.task_id
            assert function.__doc__, task.task_id


def test_every_function_of_a_module_of_tasks_is_a_task_with_a_docstring():
    for path in (path for path in MODULES if path.name == "tasks.py"):
        functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        assert functions, name_of(path)
        for function in functions:
            if not function.name.startswith("_"):
                name = f"{name_of(path)}: {function.name}"
                assert any("task" in ast.unparse(each) for each in function.decorator_list), name
                assert ast.get_docstring(function), name


def test_names_of_dags_variables_and_connections_stand_in_one_place():
    # The source and its connection have one name; those of sources stand in `ecommerce.sources`.
    elsewhere = {
        "core/names.py": NAMES,
        "runtime/lineage.py": {"bigquery"},
        "sources/__init__.py": {names.CONNECTION_SALES_DB},
    }
    assert not [
        f"{name_of(path)}: {name}"
        for path in [*MODULES, *DAG_FILES]
        for name in sorted(set(texts(path)) & NAMES - elsewhere.get(name_of(path), set()))
    ]


def test_no_message_shows_the_name_of_an_exceptions_class():
    # What is said of an error that nobody foresaw shows it: there is no other word for it.
    allowed = {"runtime/task_log.py"}
    assert not [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if name_of(path) not in allowed
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in ("__name__", "__qualname__")
    ]


def test_no_two_names_are_the_same():
    given = [value for name, value in vars(names).items() if name.startswith(KINDS)]
    assert sorted(NAMES) == sorted(given)
