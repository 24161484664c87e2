"""Build the virtual environments, then run a command in them: `python3 deploy/bootstrap.py <command>`.

    env       .venv: Airflow, its database, and the pipeline, sufficient for all operator commands
    dev       env with the tools for tests and linting, and .venv-emulator (the BigQuery emulator)
    demo      env and .venv-emulator, then the demo company, Airflow, and several days through its scheduler
    stop      stop the demo
    emulator  env and .venv-emulator, then a BigQuery emulator without the company, until Ctrl-C
    test      dev, then the tests that need no operating-system package (further arguments go to pytest)

It needs only Python's standard library and parses on older interpreters, so that they print an error message
instead of a traceback. An environment is rebuilt only when a lock file changes.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
VENV = REPOSITORY / ".venv"
EMULATOR_VENV = REPOSITORY / ".venv-emulator"
UV_LOCK = "deploy/bootstrap-requirements.txt"
LOCKS = ("requirements.txt", "demo/requirements.txt")
DEV_LOCKS = (*LOCKS, "requirements-dev.txt")
EMULATOR_LOCKS = ("demo/emulator-requirements.txt",)
VERSIONS = ((3, 11), (3, 12), (3, 13))
MEMORY_GB = 3.0
DISK_GB = {VENV: 3.4, EMULATOR_VENV: 0.8}  # including downloads
# The emulator loads these DuckDB extensions from HOME instead of the network.
EXTENSIONS = "import duckdb_extensions as d; d.import_extension('spatial'); d.import_extension('avro')"
# In the order of tests/conftest.py: slowest first. Three processes on two cores: with two, a third of the CPU
# time is idle while tests and emulators wait for each other.
TESTS = (
    *("-m", "pytest", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"),
    *("-m", "not (slow or nightly or browser or compose or monitoring)"),
)
COMMANDS = {  # lock files of .venv, lock files of .venv-emulator, command to run in .venv
    "env": (LOCKS, (), ()),
    "dev": (DEV_LOCKS, EMULATOR_LOCKS, ()),
    "demo": (LOCKS, EMULATOR_LOCKS, ("-m", "demo.run_demo", "start")),
    "emulator": (LOCKS, EMULATOR_LOCKS, ("-m", "demo.services.emulator")),
    "stop": ((), (), ("-m", "demo.run_demo", "stop")),
    "test": (DEV_LOCKS, EMULATOR_LOCKS, TESTS),
}


class Refusal(Exception):
    """A requirement is missing on this machine; the message is one sentence with the fix."""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code, or 1 after an error message on standard error."""
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__)
        return 0 if arguments in (["help"], ["--help"], ["-h"]) else 2
    try:
        check_platform(sys.platform)
        unsuited = tuple(sys.version_info[:2]) not in VERSIONS
        if unsuited and to_build(
            *COMMANDS[arguments[0]][:2]
        ):  # restart with a suitable interpreter
            other = find_python(sys.version_info[:2])
            return subprocess.run([other, __file__, *arguments], check=False).returncode
        return perform(arguments[0], arguments[1:])
    except Refusal as refusal:
        print(f"bootstrap: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def perform(name: str, arguments: list[str]) -> int:
    """Build the environments of the command `name`, then replace this process with it, if there is any."""
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
    """Install the missing lock files in each environment; do nothing when both are complete.

    Raises:
        Refusal: a requirement is missing (checked before any download), or a download failed.
    """
    wanted = to_build(locks, emulator_locks)
    if not wanted:
        return
    check_venv_module()
    check_memory(memory_gb())
    check_disk(
        shutil.disk_usage(str(REPOSITORY)).free / 1e9,
        sum(DISK_GB[venv] for venv in wanted),
    )
    say(
        f"Building {' and '.join(venv.name for venv in wanted)} (the first time one to three minutes) …"
    )
    with ThreadPoolExecutor(len(wanted)) as side_by_side:
        list(side_by_side.map(make, wanted))
        get_uv()
        list(side_by_side.map(fill, wanted, wanted.values()))


def make(venv: Path) -> None:
    """Create an environment with the version of this interpreter, unless it exists. Only .venv has pip, whose
    installation takes several seconds."""
    if version_of(venv) == sys.version_info[:2]:
        return
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    if venv != VENV:
        command.append("--without-pip")
    run(command, "creating the virtual environment failed")


def fill(venv: Path, locks: tuple[str, ...]) -> None:
    """Install the missing files of `locks` in the environment, and record them."""
    lacks = lacking(venv, locks)
    complete = [
        lock for lock in (*DEV_LOCKS, *EMULATOR_LOCKS) if not lacking(venv, (lock,))
    ]
    stamp(venv).write_text("")  # an interrupted installation is repeated
    install(venv, lacks)
    if venv == EMULATOR_VENV:
        emulator_home = dict(os.environ, HOME=str(venv))
        run(
            [str(python_of(venv)), "-c", EXTENSIONS],
            "the emulator is incomplete",
            emulator_home,
        )
    prints = [fingerprint(lock, sys.version_info[:2]) for lock in (*complete, *lacks)]
    stamp(venv).write_text("\n".join(prints))


def get_uv() -> None:
    """Install uv into .venv, unless it exists or pip uses its own package index."""
    if not uv_of(VENV).exists() and not own_index():
        pip = pip_command(VENV, UV_LOCK)
        subprocess.run(pip, cwd=str(REPOSITORY), check=False, capture_output=True)


def to_build(
    locks: tuple[str, ...], emulator_locks: tuple[str, ...]
) -> dict[Path, tuple[str, ...]]:
    """Return the environments that do not match their lock files. Every command starts with this, so it reads
    only files."""
    wanted = {VENV: locks, EMULATOR_VENV: emulator_locks}
    return {venv: own for venv, own in wanted.items() if lacking(venv, own)}


def install(venv: Path, locks: tuple[str, ...]) -> None:
    """Install complete lock files with uv (seconds), or else with pip (minutes).

    uv ignores pip's configuration, so pip is used if it has its own package index.
    """
    python, uv = str(python_of(venv)), uv_of(VENV)
    by_uv = uv.exists() and not own_index()
    if not by_uv:
        say("pip installs, which takes a few minutes …")
    for lock in locks:
        if by_uv:
            command = [
                str(uv),
                "pip",
                "install",
                "--quiet",
                "--python",
                python,
                *strictly(lock),
            ]
            by_uv = (
                subprocess.run(command, cwd=str(REPOSITORY), check=False).returncode
                == 0
            )
            if not by_uv:
                say("uv failed: continuing with pip, which takes a few minutes …")
        if not by_uv:
            failure = f"the packages of {lock} could not be installed"
            run(pip_command(venv, lock), failure)


def pip_command(venv: Path, lock: str) -> list[str]:
    """Return the command by which the pip of .venv installs a lock file in an environment."""
    return [
        str(python_of(VENV)),
        "-m",
        "pip",
        f"--python={python_of(venv)}",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        *strictly(lock),
    ]


def strictly(lock: str) -> tuple[str, ...]:
    """Return pip options that install exactly the packages of a lock file, with verified hashes."""
    return ("--no-deps", "--require-hashes", "-r", lock)


@lru_cache(None)
def own_index() -> bool:
    """Return whether pip is configured with a package index other than PyPI."""
    command = [str(python_of(VENV)), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    return b".index-url=" in listed.stdout


def lacking(venv: Path, locks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files of `locks` from which `venv` was not built in their current version."""
    version = version_of(venv) if locks else None
    if version not in VERSIONS:
        return locks
    built_from = stamp(venv).read_text().split() if stamp(venv).exists() else []
    return tuple(lock for lock in locks if fingerprint(lock, version) not in built_from)


def fingerprint(lock: str, version: tuple[int, ...]) -> str:
    """Return a hash of the lock file and the Python version."""
    return hashlib.sha256(
        repr(tuple(version)).encode() + (REPOSITORY / lock).read_bytes()
    ).hexdigest()


def check_platform(name: str) -> None:
    """Refuse a platform on which Airflow does not run."""
    if not name.startswith(("linux", "darwin")):
        raise Refusal("this runs on Linux and macOS; on Windows run it inside WSL2")


def find_python(version: tuple[int, ...]) -> str:
    """Return the command of a suitable interpreter; the current one has the unsuitable `version`."""
    for major, minor in VERSIONS[1:] + VERSIONS[:1]:
        command = f"python{major}.{minor}"
        answer = "import sys; print('{}.{}'.format(*sys.version_info))"
        try:
            found = subprocess.run(
                [command, "-c", answer], check=False, capture_output=True
            )
        except OSError:
            continue
        if (
            found.returncode == 0
            and found.stdout.decode().strip() == f"{major}.{minor}"
        ):
            return command
    raise Refusal(
        f"Python {version[0]}.{version[1]} is not supported: install Python 3.11, 3.12 or 3.13 and try again"
    )


def check_venv_module() -> None:
    """Refuse a Python without the venv module (Debian packages it separately)."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Refusal(
            "this Python cannot create virtual environments: install its venv module "
            f"(Debian and Ubuntu: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv)"
        )


def check_disk(free_gb: float, needed_gb: float) -> None:
    """Refuse a disk with too little free space for the downloads."""
    if free_gb < needed_gb:
        raise Refusal(
            f"{free_gb:.1f} GB are free on the disk of {REPOSITORY}, {needed_gb:.1f} GB are needed: "
            "make room and run this again"
        )


def check_memory(total_gb: float) -> None:
    """Refuse a machine with too little memory for Airflow and the demo company."""
    if total_gb < MEMORY_GB:
        raise Refusal(
            f"this machine has {total_gb:.1f} GB of memory, {MEMORY_GB:.1f} GB are needed: "
            "give it more, or use a larger one"
        )


def memory_gb() -> float:
    """Return the available memory in GB: that of the machine, or the lower limit of its container."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        limit = "max"
    return min(total, int(limit) if limit.isdigit() else total) / 1e9


def version_of(venv: Path) -> tuple[int, ...] | None:
    """Return the Python version of an environment; None if its interpreter is missing or was replaced with
    another version."""
    python = Path(os.path.realpath(str(python_of(venv))))
    made_with = venv / "pyvenv.cfg"
    if not (
        made_with.is_file() and python.is_file() and os.access(str(python), os.X_OK)
    ):
        return None
    recorded = re.search(
        r"(?m)^version(?:_info)? *= *(\d+)\.(\d+)", made_with.read_text()
    )
    named = re.search(r"(\d+)\.(\d+)$", python.name) or recorded
    if not (recorded and named and recorded.groups() == named.groups()):
        return None
    return tuple(int(part) for part in recorded.groups())


def python_of(venv: Path) -> Path:
    """Return the interpreter of an environment."""
    return venv / "bin" / "python"


def uv_of(venv: Path) -> Path:
    """Return the path of uv in an environment."""
    return venv / "bin" / "uv"


def stamp(venv: Path) -> Path:
    """Return the file with the fingerprints of the lock files from which an environment was built."""
    return venv / "built-from"


def run(
    command: list[str], complaint: str, environment: dict[str, str] | None = None
) -> None:
    """Run a step that must succeed."""
    done = subprocess.run(
        command, cwd=str(REPOSITORY), env=environment, check=False, capture_output=True
    )
    if done.returncode:
        lines = (
            (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
        )
        errors = (
            [line for line in lines if "error" in line.lower()]
            or lines
            or ["without a word"]
        )
        raise Refusal(f"{complaint}: {errors[-1]}")


def with_bytecode() -> dict[str, str]:
    """Return the environment variables without PYTHONDONTWRITEBYTECODE. uv compiles nothing, so without
    bytecode every process would compile Airflow again, which dominates its startup time."""
    return {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE"
    }


def say(text: str) -> None:
    """Print a progress message, on standard error: standard output has the result of a command."""
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
