"""The rules of the house: which package imports which, and which names of Airflow are used."""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter

from airflow import sdk

from tests.dags.conftest import REPOSITORY

PACKAGE = REPOSITORY / "plugins" / "ecommerce"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)
BASE = {"core", "storage", "runtime"}
SHARED = {"sources", "transform", "warehouse", "mail", "reporting"}
OUTSIDE = {"pages", "cli"}
NARROWER = {
    "core": {"core"},
    "storage": {"core", "storage"},
    "runtime": BASE,
} | {package: BASE | {package} for package in SHARED}
"""What these packages may import; a domain imports them and itself, nobody pages or commands."""
INTERNALS = PACKAGE / "runtime" / "airflow_internals.py"
"""The only module that may use names of Airflow that are not public."""
PUBLIC = (
    "airflow.exceptions.",
    "airflow.listeners.",
    "airflow.plugins_manager.",
    "airflow.providers.",
    "airflow.sdk.exceptions.",
    "airflow.sdk.log.",
    "airflow.sdk.observability.",
    "airflow.timetables.",
)
"""What Airflow documents as its Public Interface, besides the names that `airflow.sdk` exports: exceptions,
listeners, plugins, timetables, and each provider's own; the masking of logs and metrics by their pages."""


def name_of(path):
    """The name of a module in the package, such as `sales.report.archive`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def may_import(package, imported):
    if package in OUTSIDE:
        return imported == package or imported not in OUTSIDE
    return imported in NARROWER.get(package, BASE | SHARED | {package})


@cache
def tree_of(path):
    return ast.parse(path.read_text())


@cache
def imports(path):
    """The modules that a file imports, in functions too."""
    names = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def test_a_module_imports_only_packages_below_it_and_neither_demo_nor_tests():
    wrong = []
    for path in MODULES:
        package = path.relative_to(PACKAGE).parts[0]
        for name in imports(path):
            root, _, inner = name.partition(".")
            inner = inner.partition(".")[0]
            is_below = root != "ecommerce" or may_import(package, inner)
            if root in ("demo", "tests") or not is_below:
                wrong.append(f"{path} imports {name}")
    assert not wrong


def test_no_import_is_in_a_circle_also_not_of_types():
    names = {name_of(path): path for path in MODULES}
    graph = {}
    for module, path in names.items():
        imported = set()
        for name in imports(path):
            inner = name.removeprefix("ecommerce.")
            # The module, or something in it.
            imported |= {inner, inner.rpartition(".")[0]} & names.keys()
        graph[module] = imported
    TopologicalSorter(graph).prepare()  # raises CycleError


def is_public(name):
    """Whether a name that is imported from Airflow is of its Public Interface."""
    if re.search(r"[.]_", name):
        return False
    exported = {f"airflow.sdk.{exported}" for exported in sdk.__all__}
    return name == "airflow" or name in exported or name.startswith(PUBLIC)


def private_attributes(tree):
    """The attributes like `hook._client` of other objects than a class's own."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        if re.match(r"_(?!_|asdict|fields|replace)", node.attr) and not is_own:
            yield node.attr


def test_only_one_module_uses_names_of_airflow_that_are_not_public():
    wrong = []
    for path in [*REPOSITORY.glob("dags/*.py"), *REPOSITORY.glob("plugins/**/*.py")]:
        if path == INTERNALS:
            continue
        names = [name for name in imports(path) if name.partition(".")[0] == "airflow"]
        wrong += [f"{path} imports {name}" for name in names if not is_public(name)]
        source = path.read_text()
        if names:
            for name in private_attributes(tree_of(path)):
                wrong.append(f"{path} uses {name}")
        if "_AIRFLOW_" in source:
            wrong.append(f"{path} names a private variable of Airflow's environment")
    assert not wrong
