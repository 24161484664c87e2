import ast
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from deploy import bootstrap

GB = 1_000_000_000
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """No environment exists; lists the commands that were started instead of running them."""
    started: list[list[str]] = []

    def run(
        command: list[str], *_: object, **__: object
    ) -> subprocess.CompletedProcess[bytes]:
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
        f"bootstrap: Python {version[0]}.{version[1]} is not supported: "
        "install Python 3.11, 3.12 or 3.13 and try again\n"
    )
    assert _downloads(nothing_built) == []


def test_where_all_is_built_no_program_is_started(
    environments: Path, nothing_built: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # of a version that is made up
    monkeypatch.setattr(bootstrap, "REPOSITORY", environments)
    for name, venv in {"VENV": ".venv", "EMULATOR_VENV": ".venv-emulator"}.items():
        monkeypatch.setattr(bootstrap, name, environments / venv)
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: pytest.fail("a program was started")
    )
    version = sys.version_info[:2]
    for venv in (bootstrap.VENV, bootstrap.EMULATOR_VENV):
        interpreter(
            venv,
            f"python{version[0]}.{version[1]}",
            f"version = {version[0]}.{version[1]}.7",
        )
        locks = (*bootstrap.DEV_LOCKS, *bootstrap.EMULATOR_LOCKS)
        bootstrap.stamp(venv).write_text(
            "\n".join(bootstrap.fingerprint(lock, version) for lock in locks)
        )
    for system in (version, (3, 8)):
        monkeypatch.setattr(sys, "version_info", system)
        assert [bootstrap.main([command]) for command in ("env", "dev")] == [0, 0]


def test_what_it_starts_takes_its_place_and_keeps_the_bytecode_of_what_it_imports(
    repository: Path,
) -> None:
    """A signal that ends `make emulator` must not leave the emulator on its port."""
    command = "import os, sys; print(os.getpid(), os.environ.get('PYTHONDONTWRITEBYTECODE'), *sys.argv[1:])"
    code = (
        "import sys; from pathlib import Path; from deploy import bootstrap as b;"
        "b.python_of = lambda venv: Path(sys.executable);"
        f"b.COMMANDS['own'] = ((), (), ('-c', {command!r}));"
        "b.main(['own', 'more'])"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=repository,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.communicate()[0] == f"{started.pid} None more\n"


def interpreter(venv: Path, name: str, made_with: str) -> Path:
    """Let an environment have an interpreter of the machine, of this name."""
    of_the_machine = venv.parent / "machine" / name
    of_the_machine.parent.mkdir(exist_ok=True)
    of_the_machine.touch(mode=0o755)
    python = bootstrap.python_of(venv)
    python.parent.mkdir(parents=True, exist_ok=True)
    python.unlink(missing_ok=True)
    python.symlink_to(of_the_machine)
    (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\n{made_with}\n")
    return of_the_machine


def test_an_environment_whose_interpreter_is_gone_or_another_is_none(
    tmp_path: Path,
) -> None:
    venv = tmp_path / ".venv"
    assert bootstrap.version_of(venv) is None
    for name, made_with in {
        "python3.12": "version = 3.12.3",
        "python": "version_info = 3.12.3",
    }.items():
        of_the_machine = interpreter(venv, name, made_with)
        assert bootstrap.version_of(venv) == (3, 12)
    of_the_machine.unlink()
    assert bootstrap.version_of(venv) is None
    interpreter(venv, "python3.13", "version = 3.12.3")
    assert bootstrap.version_of(venv) is None
    assert bootstrap.version_of(Path(sys.prefix)) == sys.version_info[:2]


def test_another_python_that_suits_takes_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ours = ".".join(map(str, sys.version_info[:2]))
    (tmp_path / f"python{ours}").symlink_to(sys.executable)
    # What pyenv leaves on the path for versions that are not switched on.
    shim = tmp_path / f"python3.{sys.version_info[1] % 3 + 11}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bootstrap.find_python((3, 8)) == f"python{ours}"


def test_too_little_disk_is_refused_before_anything_is_downloaded(
    nothing_built: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(50 * GB, 48 * GB, 2 * GB))
    for command, needed in {"env": "3.4", "demo": "4.0"}.items():
        assert bootstrap.main([command]) == 1
        assert capsys.readouterr().err == (
            f"bootstrap: 2.0 GB are free on the disk of {bootstrap.REPOSITORY}, {needed} GB are needed: "
            "make room and run this again\n"
        )
    assert _downloads(nothing_built) == []


def test_too_little_memory_is_refused_before_anything_is_downloaded(
    nothing_built: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bootstrap, "memory_gb", lambda: 1.9)
    assert bootstrap.main(["env"]) == 1
    assert capsys.readouterr().err == (
        "bootstrap: this machine has 1.9 GB of memory, 3.0 GB are needed: give it more, or use a larger one\n"
    )
    assert _downloads(nothing_built) == []


def test_a_python_without_venv_is_refused(
    nothing_built: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(
        bootstrap.importlib.util,
        "find_spec",
        lambda name: None if name == "ensurepip" else 1,
    )
    assert bootstrap.main(["env"]) == 1
    assert capsys.readouterr().err == (
        "bootstrap: this Python cannot create virtual environments: install its venv module "
        f"(Debian and Ubuntu: apt install python3.{sys.version_info[1]}-venv)\n"
    )
    assert _downloads(nothing_built) == []


def test_windows_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert bootstrap.main(["demo"]) == 1
    assert capsys.readouterr().err == (
        "bootstrap: this runs on Linux and macOS; on Windows run it inside WSL2\n"
    )


def test_stopping_where_nothing_was_built_does_nothing(
    nothing_built: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(["stop"]) == 0
    assert capsys.readouterr().err == "Nothing was ever started here.\n"
    assert nothing_built == []


@pytest.fixture
def environments(
    nothing_built: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Both environments have an interpreter and nothing else; what `build` installs it only says it did."""
    for lock in (*bootstrap.DEV_LOCKS, *bootstrap.EMULATOR_LOCKS):
        (tmp_path / lock).parent.mkdir(exist_ok=True)
        (tmp_path / lock).write_text(f"# {lock}")
    for venv in (bootstrap.VENV, bootstrap.EMULATOR_VENV):
        (venv / "bin").mkdir(parents=True)
        bootstrap.python_of(venv).touch()
    monkeypatch.setattr(bootstrap, "REPOSITORY", tmp_path)
    monkeypatch.setattr(
        bootstrap, "version_of", lambda venv: tuple(sys.version_info[:2])
    )
    monkeypatch.setattr(bootstrap, "run", lambda *_: None)
    monkeypatch.setattr(bootstrap, "get_uv", lambda: None)
    return tmp_path


def _installed(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> dict[str, tuple[str, ...]]:
    """The lock files that `command` installs, by environment."""
    installed: dict[str, tuple[str, ...]] = {}
    monkeypatch.setattr(
        bootstrap, "install", lambda venv, locks: installed.update({venv.name: locks})
    )
    bootstrap.build(*bootstrap.COMMANDS[command][:2])
    return installed


def test_an_environment_is_left_alone_until_a_lock_file_changes(
    environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _installed(monkeypatch, "env") == {".venv": bootstrap.LOCKS}
    assert _installed(monkeypatch, "env") == {}
    (environments / "requirements.txt").write_text("# changed")
    assert _installed(monkeypatch, "env") == {".venv": bootstrap.LOCKS}
    (environments / "requirements.txt").write_text(
        "# requirements.txt"
    )  # what was there is gone
    assert _installed(monkeypatch, "env") == {".venv": bootstrap.LOCKS}


def test_the_emulator_is_built_for_the_demo_and_the_tests_alone(
    environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ".venv-emulator" not in _installed(monkeypatch, "env")
    assert _installed(monkeypatch, "demo")[".venv-emulator"] == bootstrap.EMULATOR_LOCKS
    assert (
        bootstrap.COMMANDS["test"][1]
        == bootstrap.COMMANDS["dev"][1]
        == bootstrap.EMULATOR_LOCKS
    )


def test_what_asks_for_more_adds_only_that_and_what_asks_for_less_finds_it_there(
    environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _installed(monkeypatch, "env")[".venv"] == ("requirements.txt",)
    assert _installed(monkeypatch, "demo")[".venv"] == ("demo/requirements.txt",)
    assert _installed(monkeypatch, "dev") == {".venv": ("requirements-dev.txt",)}
    for less in ("env", "demo", "dev"):
        assert _installed(monkeypatch, less) == {}
    (environments / "requirements.txt").write_text("# changed")
    assert _installed(monkeypatch, "env")[".venv"] == ("requirements.txt",)
    assert _installed(monkeypatch, "dev") == {}


def test_an_installation_that_was_cut_short_begins_again(
    environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(venv: Path, locks: tuple[str, ...]) -> None:
        raise bootstrap.Refusal("the network is gone")

    assert _installed(monkeypatch, "env") == {".venv": bootstrap.LOCKS}
    (environments / "requirements.txt").write_text("# changed")
    monkeypatch.setattr(bootstrap, "install", refuse)
    with pytest.raises(bootstrap.Refusal):
        bootstrap.build(bootstrap.LOCKS, ())
    (environments / "requirements.txt").write_text("# requirements.txt")
    assert _installed(monkeypatch, "env") == {".venv": bootstrap.LOCKS}


def test_what_was_installed_for_another_python_is_lacking(
    environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.stamp(bootstrap.VENV).write_text(
        bootstrap.fingerprint("requirements.txt", (3, 11))
    )
    for version, lacking in (((3, 11), ()), ((3, 12), bootstrap.LOCKS)):
        monkeypatch.setattr(bootstrap, "version_of", lambda _, version=version: version)
        assert bootstrap.lacking(bootstrap.VENV, bootstrap.LOCKS) == lacking


def test_an_environment_of_another_python_is_built_from_the_beginning(
    environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _installed(monkeypatch, "env") == {".venv": bootstrap.LOCKS}
    version = [(3, 11) if sys.version_info[:2] != (3, 11) else (3, 12)]
    bootstrap.stamp(bootstrap.VENV).write_text(
        bootstrap.fingerprint("requirements.txt", version[0])
    )

    def make(*_: object) -> None:
        version[0] = tuple(sys.version_info[:2])
        bootstrap.stamp(bootstrap.VENV).unlink()

    monkeypatch.setattr(bootstrap, "version_of", lambda venv: version[0])
    monkeypatch.setattr(bootstrap, "run", make)
    assert _installed(monkeypatch, "env") == {}  # it suits as it is
    installed: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        bootstrap, "install", lambda venv, locks: installed.append(locks)
    )
    bootstrap.build(bootstrap.DEMO_LOCKS, ())
    assert installed == [bootstrap.DEMO_LOCKS]


def test_it_is_still_reached_where_the_demo_is(repository: Path) -> None:
    source = (repository / "demo" / "bootstrap.py").read_text()
    ast.parse(source, feature_version=(3, 8))
    done = subprocess.run(
        [sys.executable, "demo/bootstrap.py", "--help"],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == (bootstrap.__doc__ or "").strip()


def test_old_interpreters_can_read_it() -> None:
    source = Path(bootstrap.__file__).read_text()
    ast.parse(source, feature_version=(3, 8))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(
            "."
        )[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= set(sys.stdlib_module_names)
