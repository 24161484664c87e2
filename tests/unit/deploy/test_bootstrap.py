"""The bootstrap: which environments a command builds, what it refuses, what it starts."""

import ast
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from deploy import bootstrap

OURS = tuple(sys.version_info[:2])


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without environments; it lists the commands that were started instead of running them."""
    started = []

    def run(command, *_, **__):
        started.append(command)
        raise OSError("no such program")

    for name, folder in {"VENV": ".venv", "EMULATOR_VENV": ".venv-emulator"}.items():
        monkeypatch.setattr(bootstrap, name, tmp_path / folder)
    sizes = {bootstrap.VENV: 3.4, bootstrap.EMULATOR_VENV: 0.8}
    monkeypatch.setattr(bootstrap, "DISK_GB", sizes)
    monkeypatch.setattr(bootstrap, "memory_gb", lambda: 3.0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: disk(50))
    monkeypatch.setattr(subprocess, "run", run)
    return started


def disk(free_gb):
    return SimpleNamespace(free=free_gb * 1e9)


def without_venv(name):
    return None if name == "ensurepip" else name


REFUSALS = {
    "an old Python": (sys, "version_info", (3, 8, 18), "demo"),
    "a Python after the last": (sys, "version_info", (3, 14, 0), "env"),
    "too little disk for both": (shutil, "disk_usage", lambda _: disk(4.1), "demo"),
    "too little memory": (bootstrap, "memory_gb", lambda: 2.9, "env"),
    "no venv module": (bootstrap.importlib.util, "find_spec", without_venv, "env"),
    "Windows": (sys, "platform", "win32", "demo"),
    "nothing to stop": (sys, "platform", "darwin", "stop"),
    "an unknown command": (sys, "platform", "linux", "begin"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_before_anything_is_downloaded(
    name, machine, monkeypatch, capsys, snapshot
):
    module, attribute, value, command = REFUSALS[name]
    monkeypatch.setattr(module, attribute, value)
    code = bootstrap.main([command])
    monkeypatch.undo()
    printed = capsys.readouterr()
    text = f"exit code {code}\n{printed.out}{printed.err}"
    text = text.replace(str(bootstrap.REPOSITORY), "/shop")
    assert text.replace(f"python{OURS[0]}.{OURS[1]}-", "python3.x-") == snapshot
    assert [command for command in machine if "-c" not in command] == []


@pytest.fixture
def installed(machine, tmp_path, monkeypatch):
    """Both environments exist; it lists what is installed into each instead of installing it."""
    installations = []
    for lock in (*bootstrap.DEV_LOCKS, *bootstrap.EMULATOR_LOCKS):
        (tmp_path / lock).parent.mkdir(exist_ok=True)
        (tmp_path / lock).write_text(f"# {lock}")
    for venv in (bootstrap.VENV, bootstrap.EMULATOR_VENV):
        (venv / "bin").mkdir(parents=True)
        bootstrap.python_of(venv).touch()
    monkeypatch.setattr(bootstrap, "REPOSITORY", tmp_path)
    monkeypatch.setattr(bootstrap, "version_of", lambda _: OURS)
    monkeypatch.setattr(bootstrap, "run", lambda *_: None)
    monkeypatch.setattr(bootstrap, "get_uv", lambda: None)
    monkeypatch.setattr(
        os, "execve", lambda file, words, _: installations.append(words[1:])
    )
    monkeypatch.setattr(os, "chdir", lambda _: None)

    def install(venv, locks):
        installations.append((venv.name, *locks))

    monkeypatch.setattr(bootstrap, "install", install)

    def build(command, *arguments):
        installations.clear()
        assert not bootstrap.main([command, *arguments])
        return sorted(map(" ".join, installations))

    return build


COMMANDS = """
env
env
demo
emulator
stop
dev
dev
test -x
"""


def test_what_each_command_installs_and_starts(installed, snapshot):
    texts = []
    for command in COMMANDS.strip().splitlines():
        texts.append("\n".join([f"$ {command}", *installed(*command.split())]))
    assert "\n\n".join(texts) == snapshot


INSTALLERS = {
    "uv": {},
    "uv fails": {"/uv": 1},
    "pip has its own package index": {
        "config": b"global.index-url='https://pypi.shop'"
    },
    "pip fails": {"/uv": 1, "install": 1},
}


@pytest.mark.parametrize("name", INSTALLERS)
def test_packages_are_installed_with_verified_hashes(
    name, machine, monkeypatch, capsys, snapshot
):
    results = INSTALLERS[name]
    lines = []

    def run(command, **_):
        lines.append(" ".join(command))
        if "config" in command:
            return SimpleNamespace(stdout=results.get("config", b""))
        word = "/uv" if command[0].endswith("/uv") else "install"
        code = results.get(word, 0)
        error = b"error: no such hash\n"
        return SimpleNamespace(returncode=code, stdout=b"", stderr=error)

    monkeypatch.setattr(subprocess, "run", run)
    uv = bootstrap.uv_of(bootstrap.VENV)
    uv.parent.mkdir(parents=True)
    uv.touch()
    try:
        bootstrap.install(bootstrap.VENV, bootstrap.LOCKS)
    except bootstrap.Refusal as error:
        lines.append(str(error))
    text = "\n".join([*lines, "---", capsys.readouterr().err])
    assert text.replace(str(bootstrap.VENV), ".venv") == snapshot


def test_a_changed_lock_file_is_installed_again(installed, tmp_path):
    lock = tmp_path / "requirements.txt"
    assert installed("env") == [".venv requirements.txt demo/requirements.txt"]
    lock.write_text("# changed")
    assert installed("env") == [".venv requirements.txt"]
    lock.write_text("# requirements.txt")  # what was installed before is gone
    assert installed("env") == [".venv requirements.txt"]
    assert installed("env") == []


def test_an_interrupted_installation_begins_again(installed, tmp_path, monkeypatch):
    assert installed("env")
    (tmp_path / "requirements.txt").write_text("# changed")
    with monkeypatch.context() as patched:
        patched.setattr(bootstrap, "install", refuse)
        assert bootstrap.main(["env"]) == 1
    (tmp_path / "requirements.txt").write_text("# requirements.txt")
    assert installed("env") == [".venv requirements.txt demo/requirements.txt"]


def refuse(venv, locks):
    raise bootstrap.Refusal("the network is gone")


@pytest.mark.parametrize("file", ["deploy/bootstrap.py", "demo/bootstrap.py"])
def test_old_interpreters_can_read_it(repository, file):
    ast.parse((repository / file).read_text(), feature_version=(3, 8))
