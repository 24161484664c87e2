"""The parts of this package that a shop may do without, and remove (docs/RECIPES.md, Remove a part)."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

_PACKAGE = Path(__file__).parents[1]


def exists(module: str) -> bool:
    """Return whether there is a module or package of this name below `ecommerce`."""
    path = _PACKAGE.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def existing(*modules: str) -> list[ModuleType]:
    """Import those of the modules that exist."""
    return [
        import_module(f"ecommerce.{module}") for module in modules if exists(module)
    ]
