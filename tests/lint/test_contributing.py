"""The files that set up a contributor's machine: pre-commit's hooks and the dev container."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

from demo.layout import Ports
from deploy import bootstrap
from tests.lint.test_lint import LINTERS, SQL

BIN = Path(sys.executable).parent


def hooks(repository):
    """The hooks by the tool that they run."""
    file = repository / ".pre-commit-config.yaml"
    found = {}
    for source in yaml.safe_load(file.read_text())["repos"]:
        # Hooks of other repositories would be downloaded, in versions that are not locked.
        assert source["repo"] == "local"
        for hook in source["hooks"]:
            assert hook["language"] == "system"
            command, *arguments = shlex.split(hook["entry"])
            tool = command.removeprefix(".venv/bin/")
            assert (BIN / tool).exists(), command
            found[hook["id"]] = (tool, arguments, hook)
    return found


def test_the_hooks_run_the_tools_of_ci(repository):
    configured = hooks(repository)
    assert list(configured) == [linter.id for linter in LINTERS]
    for linter in LINTERS:
        tool, arguments = linter.values
        own_tool, own_arguments, _ = configured[linter.id]
        assert own_tool == tool
        # The hooks get the names of the changed files, and ruff formats them.
        options = {*arguments} - {*SQL, ".", "--check"}
        assert options <= {*own_arguments}


def test_the_hooks_of_sql_and_types_select_the_files_of_ci(repository):
    listed = subprocess.run(
        ["git", "ls-files"], cwd=repository, capture_output=True, text=True, check=True
    )
    files = listed.stdout.splitlines()
    configured = hooks(repository)

    def selected(hook_id):
        pattern = configured[hook_id][2]["files"]
        return {file for file in files if re.search(pattern, file)}

    of_ci = set()
    for folder in SQL:
        for file in files:
            if file.startswith(f"{folder}/") and file.endswith(".sql"):
                of_ci.add(file)
    assert selected("sql") == of_ci
    assert {"plugins/ecommerce/sales/tasks.py", "pyproject.toml"} <= selected("types")


def test_the_dev_container_has_a_python_and_a_command_that_exist(repository):
    file = repository / ".devcontainer" / "devcontainer.json"
    container = json.loads(file.read_text())
    version = container["image"].rpartition(":")[2]
    assert tuple(map(int, version.split("."))) in bootstrap.VERSIONS
    python, script, command = shlex.split(container["postCreateCommand"])
    assert python == "python3"
    assert (repository / script).samefile(bootstrap.__file__)
    assert command in bootstrap.COMMANDS
    ports = container["forwardPorts"]
    assert ports == [Ports.airflow, Ports.mailbox]
    assert list(map(int, container["portsAttributes"])) == ports
