"""The rules of the house: which package imports which."""

import ast
from graphlib import TopologicalSorter

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


def name_of(path):
    """The name of a module in the package, such as `sales.report.archive`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def may_import(package, imported):
    if package in OUTSIDE:
        return imported == package or imported not in OUTSIDE
    return imported in NARROWER.get(package, BASE | SHARED | {package})


def imports(path):
    """The modules that a file imports, in functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


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
