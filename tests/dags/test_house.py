"""The rules of the house: who imports whom, who sees Airflow's context, where names stand."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from ecommerce.core import names
from ecommerce.sources import OPTIONAL_SOURCES, RATES, SOURCES, Source, module
from tests.dags.conftest import DAG_FILES, REPOSITORY

PACKAGE = REPOSITORY / "plugins" / "ecommerce"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)
SHARED = {"sources", "warehouse", "mail", "reporting"}
OUTSIDE = {"pages", "cli"}
BASE = {"core", "storage", "runtime"}
DOMAINS = (
    {path.relative_to(PACKAGE).parts[0] for path in MODULES} - BASE - SHARED - OUTSIDE
)
BELOW_A_DOMAIN = BASE | SHARED
MAY_IMPORT = (
    {"core": set(), "storage": {"core"}, "runtime": {"core", "storage"}}
    | dict.fromkeys(SHARED, BASE)
    | dict.fromkeys(DOMAINS, BELOW_A_DOMAIN)
    | dict.fromkeys(OUTSIDE, BELOW_A_DOMAIN | DOMAINS)
)
"""By package, which others it may import; nobody imports pages or cli."""

OF_AIRFLOW = {
    "context",
    "ti",
    "task_instance",
    "outlet_events",
    "inlet_events",
    "xcom_pull",
    "xcom_push",
}
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
OF_A_SOURCE = sorted(
    {
        (source, name)
        for source in SOURCES
        for name in (source, module(source).SUBJECT)
        if name.islower()
    }
)
"""Each source with its name, and with its connection; a SUBJECT in capitals is a setting."""
OTHER_WORDS = {
    "storefront_orders_sync": "the id of a DAG, which users depend on, and so the name of its file",
    "fetch_partner_files": "the script that fetches the files of the partner's FTP server, for the forecast",
}
"""Words that contain the name of a source and mean something else."""
TABLE_OF_RATES = {
    "dags/sales_history_load.py": "its task `exchange_rates`, whose id users depend on",
    "plugins/ecommerce/sales/history/tasks.py": "the same task",
    "plugins/ecommerce/sales/loading.py": "lists the tables that the load writes",
    "plugins/ecommerce/sales/transform.py": "lists the tables that a transform leaves",
    "plugins/ecommerce/cli/tables.py": "lists the tables",
    "include/sql/transform/orders/52_exchange_rates.sql": "makes the rows of the table",
    "include/sql/transform/orders/accounting.sql": "counts these rows",
    "include/sql/transform/orders/staged_columns.md": "describes these rows",
    "include/sql/warehouse/loads/orders/find_changes.sql": "looks up days of the table",
    "include/sql/warehouse/macros/keys.sql": "has the key of the table",
    "include/sql/warehouse/loads/orders/row_counts.sql": "counts rows of the table",
    "include/sql/warehouse/loads/orders/script.sql": "includes the load of the table",
    "include/sql/warehouse/loads/orders/staged_totals.sql": "counts staged rows of the table",
    "include/sql/warehouse/tables/conversion_rates/view.sql": "queries the table",
    "include/sql/warehouse/tables/exchange_rates/checks.sql": "the table, and how to load it again",
    "include/sql/warehouse/tables/exchange_rates/load.sql": "the table",
    "include/sql/warehouse/tables/exchange_rates/table.sql": "the table",
}
"""Files with the name of the warehouse's table `exchange_rates`, which is also the name of a source."""


def name_of(path: Path) -> str:
    return path.relative_to(
        PACKAGE if path.is_relative_to(PACKAGE) else REPOSITORY
    ).as_posix()


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
            assert not node.level, (
                f"an import of {path} does not name its module in full"
            )
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
        for imports in imported(path):
            parts = imports.split(".")
            if parts[0] == "ecommerce" and parts[1:] and parts[1] not in below:
                wrong.append(f"{name_of(path)} imports {imports}")
    assert not wrong


def test_a_dag_imports_neither_pages_nor_commands():
    assert not [
        f"{path.name} imports {imports}"
        for path in DAG_FILES
        for imports in imported(path)
        if imports.split(".")[:2][-1] in OUTSIDE
    ]


def test_only_the_modules_of_tasks_know_airflows_context_and_xcom():
    wrong = []
    for path in MODULES:
        # The command line runs outside Airflow; what it calls a context is its library's.
        if path.name != "tasks.py" and path.relative_to(PACKAGE).parts[0] != "cli":
            seen = (
                set()
                if name_of(path) in MAY_SEE_THE_CONTEXT
                else identifiers(path) & OF_AIRFLOW
            )
            wrong += [
                f"{name_of(path)}: {name}"
                for name in sorted(seen | DECORATORS & set(imported(path)))
            ]
    assert not wrong


def test_whoever_may_see_the_context_does():
    assert not [
        name
        for name in MAY_SEE_THE_CONTEXT
        if not identifiers(PACKAGE / name) & OF_AIRFLOW
    ]


def test_a_dag_file_says_when_and_in_which_order_and_nothing_else():
    assert not [
        path.name for path in DAG_FILES if len(path.read_text().splitlines()) >= LONGEST
    ]
    code = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [
        f"{path.name}:{node.lineno}"
        for path in DAG_FILES
        for node in nodes(path)
        if isinstance(node, code)
    ]


def test_every_python_task_is_defined_once_in_a_module_of_tasks_and_says_what_it_does(
    dag,
):
    for task in dag.tasks:
        mapped = getattr(task, "partial_kwargs", {})
        function = getattr(task, "python_callable", None) or mapped.get(
            "python_callable"
        )
        if function:  # others are operators of a provider
            parts = function.__module__.split(".")
            assert parts[:1] + parts[-1:] == ["ecommerce", "tasks"], task.task_id
            assert function.__doc__, task.task_id


def test_every_function_of_a_module_of_tasks_is_a_task_with_a_docstring():
    for path in (path for path in MODULES if path.name == "tasks.py"):
        functions = [
            node
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef)
        ]
        assert functions, name_of(path)
        for function in functions:
            if not function.name.startswith("_"):
                name = f"{name_of(path)}: {function.name}"
                assert any(
                    "task" in ast.unparse(each) for each in function.decorator_list
                ), name
                assert ast.get_docstring(function), name


def test_names_of_dags_variables_and_connections_stand_in_one_place():
    elsewhere = {"core/names.py": NAMES, "runtime/lineage.py": {"bigquery"}}
    assert not [
        f"{name_of(path)}: {name}"
        for path in [*MODULES, *DAG_FILES]
        for name in sorted(
            set(texts(path)) & NAMES - elsewhere.get(name_of(path), set())
        )
    ]


@pytest.mark.parametrize("source", [*SOURCES, *OPTIONAL_SOURCES])
def test_a_source_declares_all_that_others_ask_of_it(source):
    asked = {*Source.__annotations__, "extract", "check", "limits"}
    assert len(asked) > 10
    assert asked - vars(module(source)).keys() == set()


@cache
def product() -> Mapping[str, str]:
    """The files of the product by path, in small letters; the settings of sqlfluff have sample values."""
    files = {}
    for path in sorted(
        each for folder in ("plugins", "dags", "include") for each in _files(folder)
    ):
        try:
            files[path.relative_to(REPOSITORY).as_posix()] = path.read_text().lower()
        except UnicodeDecodeError:  # a font
            continue
    return files


def _files(folder: str) -> Iterator[Path]:
    for path in (REPOSITORY / folder).rglob("*"):
        if (
            path.is_file()
            and "__pycache__" not in path.parts
            and path.name != ".sqlfluff"
        ):
            yield path


def naming(source: str, name: str, files: Mapping[str, str]) -> list[str]:
    """The files, outside the places of a source, whose path or text has a name of it; identifiers such as
    `CONNECTION_STOREFRONT` have it, too."""
    package, sql = "plugins/ecommerce/sources", "include/sql"
    own = (f"{package}/__init__.py", f"{package}/{source}/", f"{package}/{source}.py")
    own += (f"{sql}/extract/{source}/", f"{sql}/transform/orders/{source}.sql")
    word = re.compile(rf"(?<![a-z0-9]){name}(?![a-z0-9])")
    others = re.compile("|".join(OTHER_WORDS))
    return [
        path
        for path, text in files.items()
        if not path.startswith(own) and word.search(others.sub("", f"{path} {text}"))
    ]


@pytest.mark.parametrize(("source", "name"), OF_A_SOURCE)
def test_no_file_outside_the_package_of_a_source_names_it(source, name):
    exempt = TABLE_OF_RATES if name == RATES else {}
    assert [
        path for path in naming(source, name, product()) if path not in exempt
    ] == []


def test_a_file_is_exempt_only_while_it_names_the_table_of_rates():
    assert TABLE_OF_RATES.keys() <= {*naming(RATES, RATES, product())}


@pytest.mark.parametrize(
    "text", ["a storefront's log", "CONNECTION_STOREFRONT", "storefront_client"]
)
def test_a_file_that_names_a_source_is_found(text):
    files = dict.fromkeys(
        ("plugins/ecommerce/sales/x.py", "plugins/ecommerce/sources/storefront/x.py"),
        text,
    )
    named = naming(
        "storefront", "storefront", {path: text.lower() for path, text in files.items()}
    )
    assert named == ["plugins/ecommerce/sales/x.py"]
    assert (
        naming("storefront", "storefront", {"dags/storefront_orders_sync.py": ""}) == []
    )
    assert naming("storefront", "storefront", {"include/templates/storefront.html": ""})


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
