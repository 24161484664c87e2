"""The bootstrap: which environments a command builds, what it refuses, what it starts.

It runs on a copy of the repository whose interpreters and uv are scripts that record how they are called.
"""

import ast
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy import bootstrap

RUN = """
import importlib.util, shutil, sys
from types import SimpleNamespace
sys.path.insert(0, "deploy")
import bootstrap
bootstrap.memory_gb = lambda: 3.0
shutil.disk_usage = lambda _: SimpleNamespace(free=4.2e9)
{machine}
sys.exit(bootstrap.main(sys.argv[1:]))
"""
OWN_INDEX = 'case "$*" in *config*) echo "global.index-url=https://pypi.shop" ;; esac'
NO_PIP = 'case "$*" in *install*) echo "error: no such hash"; exit 1 ;; esac'
HASHED = "--no-deps --require-hashes -r"
UV = f".venv/bin/uv pip install --quiet --python .venv/bin/python {HASHED}"
PIP = (
    ".venv/bin/python -m pip --python=.venv/bin/python install "
    f"--quiet --disable-pip-version-check {HASHED}"
)
LOCK = "requirements.txt"
LOCKS = [LOCK, "demo/requirements.txt"]


def of_emulator(call):
    """The call that installs the emulator, by that of another lock file."""
    program, _, options = call.partition(" ")
    options = options.replace("python .venv", "python .venv-emulator")
    options = options.replace("python=.venv", "python=.venv-emulator")
    return f"{program} {options} demo/emulator-requirements.txt"


@dataclass
class Machine:
    """A copy of the repository with empty environments."""

    folder: Path

    def __post_init__(self):
        for lock in (*bootstrap.DEV_LOCKS, *bootstrap.EMULATOR_LOCKS):
            file = self.folder / lock
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"# {lock}")
        (self.folder / "deploy").mkdir()
        shutil.copy(bootstrap.__file__, self.folder / "deploy")
        self.install("uv")
        for venv in (".venv", ".venv-emulator"):
            self.install("python", venv)
            version = platform.python_version()
            (self.folder / venv / "pyvenv.cfg").write_text(f"version = {version}\n")

    def install(self, program, venv=".venv", script=""):
        """Write a program that records its call before it runs `script`."""
        file = self.folder / venv / "bin" / program
        file.parent.mkdir(parents=True, exist_ok=True)
        record = f'echo "{venv}/bin/{program} $*" >> {self.folder}/calls'
        file.write_text(f"#!/bin/sh\n{record}\n{script}\n")
        file.chmod(0o755)

    def run(self, command, machine=""):
        """Return the process, with the calls of programs that installed or began something. `machine` are
        statements about a machine on which this one command runs."""
        calls = self.folder / "calls"
        calls.write_text("")
        done = subprocess.run(
            [sys.executable, "-c", RUN.format(machine=machine), *command.split()],
            cwd=self.folder,
            env={"PATH": ""},
            capture_output=True,
            text=True,
        )
        done.calls = []
        for line in sorted(calls.read_text().splitlines()):
            if " -c " not in line and not line.endswith("pip config list"):
                done.calls.append(line.replace(f"{self.folder}/", ""))
        return done


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def uv(*locks):
    """The calls that install lock files."""
    return sorted(f"{UV} {lock}" for lock in locks)


def test_what_each_command_installs_and_starts(machine):
    tests = f".venv/bin/python {' '.join(bootstrap.TESTS)} -x"
    for command, calls in (
        ("env", uv(*LOCKS)),
        ("env", []),
        ("demo", [".venv/bin/python -m demo.run_demo start", of_emulator(UV)]),
        ("emulator", [".venv/bin/python -m demo.services.emulator"]),
        ("stop", [".venv/bin/python -m demo.run_demo stop"]),
        ("dev", uv("requirements-dev.txt")),
        ("dev", []),
        ("test -x", [tests]),
    ):
        done = machine.run(command)
        assert (done.returncode, done.calls) == (0, calls), done.stderr


def test_a_changed_lock_file_is_installed_again(machine):
    machine.run("env")
    lock = machine.folder / LOCK
    original = lock.read_text()
    lock.write_text("# changed")
    assert machine.run("env").calls == uv(LOCK)
    # What was installed before is gone.
    lock.write_text(original)
    assert machine.run("env").calls == uv(LOCK)


def test_an_interrupted_installation_begins_again(machine):
    machine.run("env")
    lock = machine.folder / LOCK
    original = lock.read_text()
    lock.write_text("# changed")
    machine.install("uv", script="exit 1")
    machine.install("python", script=NO_PIP)
    failed = machine.run("env")
    assert failed.returncode == 1
    words = f"the packages of {LOCK} could not be installed: error: no such hash"
    assert failed.stderr.endswith(f"bootstrap: {words}\n")
    machine.install("uv")
    lock.write_text(original)
    assert machine.run("env").calls == uv(*LOCKS)


@pytest.mark.parametrize(
    ("program", "script", "tried"),
    [
        ("uv", "exit 1", [*uv(LOCK), of_emulator(UV)]),
        # uv would ignore the package index of pip's configuration.
        ("python", OWN_INDEX, []),
    ],
)
def test_pip_installs_where_uv_cannot(machine, program, script, tried):
    machine.install(program, script=script)
    done = machine.run("emulator")
    by_pip = [f"{PIP} {lock}" for lock in LOCKS]
    begun = ".venv/bin/python -m demo.services.emulator"
    assert sorted(done.calls) == sorted([*by_pip, of_emulator(PIP), *tried, begun])
    assert "which takes a few minutes" in done.stderr


@pytest.mark.parametrize(
    ("machine_has", "words"),
    [
        ("sys.platform = 'win32'", "on Windows run it inside WSL2"),
        ("sys.version_info = (3, 8, 18)", "Python 3.8 is not supported"),
        ("sys.version_info = (3, 14, 0)", "Python 3.14 is not supported"),
        ("bootstrap.memory_gb = lambda: 2.9", "2.9 GB of memory, 3.0 GB are needed"),
        (
            "shutil.disk_usage = lambda _: SimpleNamespace(free=4.1e9)",
            "4.1 GB are free on the disk",
        ),
        ("importlib.util.find_spec = lambda _: None", "install its venv module"),
    ],
)
def test_what_is_refused_before_anything_is_downloaded(machine, machine_has, words):
    done = machine.run("demo", machine_has)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.calls == []


def test_an_unknown_command_is_explained_and_nothing_to_stop_is_no_error(machine):
    unknown = machine.run("begin")
    assert unknown.returncode == 2
    assert "stop      stop the demo" in unknown.stdout
    shutil.rmtree(machine.folder / ".venv")
    stopped = machine.run("stop")
    assert stopped.returncode == 0
    assert stopped.stderr == "Nothing was ever started here.\n"


@pytest.mark.parametrize("file", ["deploy/bootstrap.py", "demo/bootstrap.py"])
def test_old_interpreters_can_read_it(repository, file):
    ast.parse((repository / file).read_text(), feature_version=(3, 8))
