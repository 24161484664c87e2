"""Build the virtual environments, then run a command in them: `python3 deploy/bootstrap.py <command>`.

    env       .venv: Airflow and the pipeline, which is all that the commands of an operator need
    dev       env, with the tools for tests and linting, and .venv-emulator (the BigQuery emulator)
    demo      env and .venv-emulator, then the demo company, Airflow, and several days through its scheduler
    stop      stop what demo started
    emulator  env and .venv-emulator, then a BigQuery emulator without the company, until Ctrl-C
    test      dev, then the tests that need no operating-system package (further arguments go to pytest)

It needs nothing but Python's standard library, and parses on interpreters too old for the repository, so
that they get a sentence instead of a traceback. What is built is left alone until a lock file changes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
VENV = REPOSITORY / ".venv"
EMULATOR_VENV = REPOSITORY / ".venv-emulator"
UV_LOCK = "deploy/bootstrap-requirements.txt"
LOCKS = ("requirements.txt",)
DEMO_LOCKS = (*LOCKS, "demo/requirements.txt")
DEV_LOCKS = (*DEMO_LOCKS, "requirements-dev.txt")
EMULATOR_LOCKS = ("demo/emulator-requirements.txt",)
VERSIONS = ((3, 11), (3, 12), (3, 13))
MEMORY_GB = 3.0
DISK_GB = {VENV: 3.4, EMULATOR_VENV: 0.8}  # with what is downloaded meanwhile
# The emulator loads these DuckDB extensions from below HOME, and must not look for them on the network.
EXTENSIONS = "import duckdb_extensions as d; d.import_extension('spatial'); d.import_extension('avro')"
# In the order of tests/conftest.py: what takes longest begins. Three processes, because two leave a third of
# two cores idle: each waits for its emulator, and the emulator for it.
TESTS = (
    *("-m", "pytest", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"),
    *("-m", "not (full or browser or compose or monitoring or bigquery)"),
)
COMMANDS = {  # the lock files of .venv, those of .venv-emulator, and what then runs in .venv
    "env": (LOCKS, (), ()),
    "dev": (DEV_LOCKS, EMULATOR_LOCKS, ()),
    "demo": (DEMO_LOCKS, EMULATOR_LOCKS, ("-m", "demo.run_demo", "start")),
    "emulator": (LOCKS, EMULATOR_LOCKS, ("-m", "demo.services.emulator")),
    "stop": ((), (), ("-m", "demo.run_demo", "stop")),
    "test": (DEV_LOCKS, EMULATOR_LOCKS, TESTS),
}


class Refusal(Exception):
    """This machine lacks something; the text is one sentence that says what to do."""


def main(arguments: list[str]) -> int:
    """Run one command; its exit code, or 1 after a sentence on standard error."""
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__)
        return 0 if arguments in (["help"], ["--help"], ["-h"]) else 2
    try:
        check_platform(sys.platform)
        unsuited = tuple(sys.version_info[:2]) not in VERSIONS
        if unsuited and to_build(*COMMANDS[arguments[0]][:2]):  # begin again with an interpreter that suits
            other = find_python(sys.version_info[:2])
            return subprocess.run([other, __file__, *arguments], check=False).returncode
        return perform(arguments[0], arguments[1:])
    except Refusal as refusal:
        print(f"bootstrap: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def perform(name: str, arguments: list[str]) -> int:
    """Build what the command `name` needs and become it, so that a signal ends it; 0 where nothing is run."""
    locks, emulator_locks, command = COMMANDS[name]
    if locks:
        build(locks, emulator_locks)
    elif not python_of(VENV).exists():
        say("Nothing was ever started here.")
        return 0
    if not command:
        return 0
    started = [str(python_of(VENV)), *command, *arguments]
    os.chdir(str(REPOSITORY))
    return os.execve(started[0], started, with_bytecode())


def build(locks: tuple[str, ...], emulator_locks: tuple[str, ...]) -> None:
    """Install in each environment what it lacks of its lock files; nothing happens when both are complete.

    Raises:
        Refusal: this machine lacks something (checked before anything is downloaded), or a download failed.
    """
    wanted = to_build(locks, emulator_locks)
    if not wanted:
        return
    check_venv_module()
    check_memory(memory_gb())
    check_disk(shutil.disk_usage(str(REPOSITORY)).free / 1e9, sum(DISK_GB[venv] for venv in wanted))
    say(f"Building {' and '.join(venv.name for venv in wanted)} (the first time one to three minutes) …")
    with ThreadPoolExecutor(len(wanted)) as side_by_side:
        list(side_by_side.map(make, wanted))
        get_uv()
        list(side_by_side.map(fill, wanted, wanted.values()))


def make(venv: Path) -> None:
    """Make an environment of this interpreter's version, unless it is there."""
    if version_of(venv) != sys.version_info[:2]:
        run([sys.executable, "-m", "venv", "--clear", str(venv)], "no virtual environment could be made")


def fill(venv: Path, locks: tuple[str, ...]) -> None:
    """Install those of `locks` that the environment lacks, and note them."""
    lacks = lacking(venv, locks)
    complete = [lock for lock in (*DEV_LOCKS, *EMULATOR_LOCKS) if not lacking(venv, (lock,))]
    stamp(venv).write_text("")  # an installation that is cut short leaves an environment that is built again
    install(venv, lacks)
    if venv == EMULATOR_VENV:
        emulator_home = dict(os.environ, HOME=str(venv))
        run([str(python_of(venv)), "-c", EXTENSIONS], "the emulator is incomplete", emulator_home)
    prints = [fingerprint(lock, sys.version_info[:2]) for lock in (*complete, *lacks)]
    stamp(venv).write_text("\n".join(prints))


def get_uv() -> None:
    """Install uv into .venv, unless it is there or pip has an index of its own."""
    python = str(python_of(VENV))
    if not uv_of(VENV).exists() and not own_index(python):
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *strictly(UV_LOCK)]
        subprocess.run(pip, cwd=str(REPOSITORY), check=False, capture_output=True)


def to_build(locks: tuple[str, ...], emulator_locks: tuple[str, ...]) -> dict[Path, tuple[str, ...]]:
    """The environments that lack something of their lock files, and these. Only files are looked at: every
    command begins with this."""
    wanted = {VENV: locks, EMULATOR_VENV: emulator_locks}
    return {venv: own for venv, own in wanted.items() if lacking(venv, own)}


def install(venv: Path, locks: tuple[str, ...]) -> None:
    """Install complete lock files: with uv in seconds, or else with pip in minutes.

    uv does not read pip's configuration, so where that names a package index of its own, pip is used.
    """
    python, uv = str(python_of(venv)), uv_of(VENV)
    by_uv = uv.exists() and not own_index(python)
    if not by_uv:
        say("pip installs, which takes a few minutes …")
    for lock in locks:
        if by_uv:
            command = [str(uv), "pip", "install", "--quiet", "--python", python, *strictly(lock)]
            by_uv = subprocess.run(command, cwd=str(REPOSITORY), check=False).returncode == 0
            if not by_uv:
                say("uv did not manage: going on with pip, which takes a few minutes …")
        if not by_uv:
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *strictly(lock)]
            run(pip, f"the packages of {lock} could not be installed")


def strictly(lock: str) -> tuple[str, ...]:
    """Exactly what a lock file says, and nothing that its hashes do not cover."""
    return ("--no-deps", "--require-hashes", "-r", lock)


def own_index(python: str) -> bool:
    """Whether pip is configured with another package index than PyPI."""
    listed = subprocess.run([python, "-m", "pip", "config", "list"], check=False, stdout=subprocess.PIPE)
    return b".index-url=" in listed.stdout


def lacking(venv: Path, locks: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `locks` that `venv` was not completely built from as they are now."""
    version = version_of(venv) if locks else None
    if version not in VERSIONS:
        return locks
    built_from = stamp(venv).read_text().split() if stamp(venv).exists() else []
    return tuple(lock for lock in locks if fingerprint(lock, version) not in built_from)


def fingerprint(lock: str, version: tuple[int, ...]) -> str:
    """Changes with the lock file and with the Python version."""
    return hashlib.sha256(repr(tuple(version)).encode() + (REPOSITORY / lock).read_bytes()).hexdigest()


def check_platform(name: str) -> None:
    """Refuse where neither Airflow nor the demo runs."""
    if not name.startswith(("linux", "darwin")):
        raise Refusal("this runs on Linux and macOS; on Windows run it inside WSL2")


def find_python(version: tuple[int, ...]) -> str:
    """The command of an interpreter that suits, because this one, of `version`, does not."""
    for major, minor in VERSIONS[1:] + VERSIONS[:1]:
        command = f"python{major}.{minor}"
        answer = "import sys; print('{}.{}'.format(*sys.version_info))"
        try:
            found = subprocess.run([command, "-c", answer], check=False, capture_output=True)
        except OSError:
            continue
        if found.returncode == 0 and found.stdout.decode().strip() == f"{major}.{minor}":
            return command
    raise Refusal(
        f"Python {version[0]}.{version[1]} does not suit: install Python 3.11, 3.12 or 3.13 and try again"
    )


def check_venv_module() -> None:
    """Refuse where Python came without what makes environments (Debian splits it off)."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Refusal(
            "this Python cannot make virtual environments: install its venv module "
            f"(Debian and Ubuntu: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv)"
        )


def check_disk(free_gb: float, needed_gb: float) -> None:
    """Refuse before a download that would fill the disk."""
    if free_gb < needed_gb:
        raise Refusal(
            f"{free_gb:.1f} GB are free on the disk of {REPOSITORY}, {needed_gb:.1f} GB are needed: "
            "make room and run this again"
        )


def check_memory(total_gb: float) -> None:
    """Refuse where Airflow beside the demo company would be killed."""
    if total_gb < MEMORY_GB:
        raise Refusal(
            f"this machine has {total_gb:.1f} GB of memory, {MEMORY_GB:.1f} GB are needed: "
            "give it more, or use a larger one"
        )


def memory_gb() -> float:
    """The memory this process may use: the machine's, or its container's when that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        limit = "max"
    return min(total, int(limit) if limit.isdigit() else total) / 1e9


def version_of(venv: Path) -> tuple[int, ...] | None:
    """The Python version of an environment, None when there is none that works: its interpreter is gone, or
    an update of the machine has put one of another version into its place."""
    python = Path(os.path.realpath(str(python_of(venv))))
    made_with = venv / "pyvenv.cfg"
    if not (made_with.is_file() and python.is_file() and os.access(str(python), os.X_OK)):
        return None
    recorded = re.search(r"(?m)^version(?:_info)? *= *(\d+)\.(\d+)", made_with.read_text())
    named = re.search(r"(\d+)\.(\d+)$", python.name) or recorded
    if not (recorded and named and recorded.groups() == named.groups()):
        return None
    return tuple(int(part) for part in recorded.groups())


def python_of(venv: Path) -> Path:
    """An environment's interpreter."""
    return venv / "bin" / "python"


def uv_of(venv: Path) -> Path:
    """Where uv is in an environment."""
    return venv / "bin" / "uv"


def stamp(venv: Path) -> Path:
    """The file with the fingerprints of what an environment was completely built from."""
    return venv / "built-from"


def run(command: list[str], complaint: str, environment: dict[str, str] | None = None) -> None:
    """Run a step that must succeed."""
    done = subprocess.run(command, cwd=str(REPOSITORY), env=environment, check=False, capture_output=True)
    if done.returncode:
        lines = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
        errors = [line for line in lines if "error" in line.lower()] or lines or ["without a word"]
        raise Refusal(f"{complaint}: {errors[-1]}")


def with_bytecode() -> dict[str, str]:
    """Return the environment, in which Python keeps the bytecode of what it imports. uv compiles nothing, so
    each process would compile Airflow again, which takes longer than everything else in its imports."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def say(text: str) -> None:
    """Tell the person waiting."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
