"""The commands and the Makefile."""

import re
from pathlib import Path

from ecommerce.cli import __main__ as command_line
from ecommerce.core.parts import exists


def test_every_command_has_a_target_of_the_makefile(repository: Path) -> None:
    recipes = (repository / "Makefile").read_text()
    called = set(re.findall(r"\$\(CLI\) ([a-z-]+)", recipes))
    commands = set(command_line.app.commands)
    assert called - commands == (set() if exists("cli.forecast") else {"forecast"})
    for name in commands:
        assert re.search(rf"^{name}: environments ## ", recipes, re.MULTILINE)
