from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from demo import bootstrap

GB = 1_000_000_000
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """No environment exists; lists the commands that were started instead of running them."""
    started: list[list[str]] = []

    def run(command: list[str], *_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        started.append(command)
        raise OSError("no such program")

    venv, emulator = tmp_path / ".venv", tmp_path / ".venv-emulator"
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "EMULATOR_VENV", emulator)
    monkeypatch.setattr(bootstrap, "DISK_GB", {venv: 3.4, emulator: 0.6})
    monkeypatch.setattr(subprocess, "run", run)
    return started


def _downloads(started: list[list[str]]) -> list[list[str]]:
    return [command for command in started if "-c" not in command]


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13), (3, 14, 0)])
def test_a_python_that_does_not_suit_is_refused(
    version: tuple[int, ...],
    nothing_built: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    assert bootstrap.main(["demo"]) == 1
    assert capsys.readouterr().err == (
        f"bootstrap: Python {version[0]}.{version[1]} does not suit: "
        "install Python 3.11, 3.12 or 3.13 and try again\n"
    )
    assert _downloads(nothing_built) == []


def test_another_python_that_suits_takes_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours = ".".join(map(str, sys.version_info[:2]))
    (tmp_path / f"python{ours}").symlink_to(sys.executable)
    # What pyenv leaves on the path for versions that are not switched on.
    shim = tmp_path / f"python3.{sys.version_info[1] % 3 + 11}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.find_python((3, 8)) == f"python{ours}"


def test_too_little_disk_is_refused_before_anything_is_downloaded(
    nothing_built: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(50 * GB, 48 * GB, 2 * GB))
    assert bootstrap.main(["env"]) == 1
    assert capsys.readouterr().err == (
        f"bootstrap: 2.0 GB are free on the disk of {bootstrap.REPOSITORY}, 4.0 GB are needed: "
        "make room and run this again\n"
    )
    assert _downloads(nothing_built) == []


def test_too_little_memory_is_refused_before_anything_is_downloaded(
    nothing_built: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "memory_gb", lambda: 1.9)
    assert bootstrap.main(["env"]) == 1
    assert capsys.readouterr().err == (
        "bootstrap: this machine has 1.9 GB of memory, 3.0 GB are needed: give it more, or use a larger one\n"
    )
    assert _downloads(nothing_built) == []


def test_a_python_without_venv_is_refused(
    nothing_built: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        bootstrap.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else 1
    )
    assert bootstrap.main(["env"]) == 1
    assert capsys.readouterr().err == (
        "bootstrap: this Python cannot make virtual environments: install its venv module "
        f"(Debian and Ubuntu: apt install python3.{sys.version_info[1]}-venv)\n"
    )
    assert _downloads(nothing_built) == []


def test_windows_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert bootstrap.main(["demo"]) == 1
    assert capsys.readouterr().err == (
        "bootstrap: this runs on Linux and macOS; on Windows run it inside WSL2\n"
    )


def test_stopping_where_nothing_was_built_does_nothing(
    nothing_built: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(["stop"]) == 0
    assert capsys.readouterr().out == "Nothing was ever started here.\n"
    assert nothing_built == []


def test_an_environment_is_current_until_a_lock_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    for lock in bootstrap.DEV_LOCKS:
        (tmp_path / lock).parent.mkdir(exist_ok=True)
        (tmp_path / lock).write_text(f"# {lock}")
    monkeypatch.setattr(bootstrap, "REPOSITORY", tmp_path)
    version = tuple(sys.version_info[:2])

    assert not bootstrap.is_current(venv, bootstrap.LOCKS)
    bootstrap.stamp(venv).write_text(bootstrap.fingerprint(bootstrap.LOCKS, version))
    assert bootstrap.is_current(venv, bootstrap.LOCKS)
    assert not bootstrap.is_current(venv, bootstrap.DEV_LOCKS)
    bootstrap.stamp(venv).write_text(bootstrap.fingerprint(bootstrap.DEV_LOCKS, version))
    assert bootstrap.is_current(venv, bootstrap.LOCKS)
    (tmp_path / "requirements.txt").write_text("# changed")
    assert not bootstrap.is_current(venv, bootstrap.LOCKS)


def test_old_interpreters_can_read_it() -> None:
    source = Path(bootstrap.__file__).read_text()
    ast.parse(source, feature_version=(3, 8))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= set(sys.stdlib_module_names)
