"""The environment of a command: the settings, connections and Variables with which tasks run. Airflow reads
its configuration when it is imported, so `load` comes before anything that imports it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import fields
from pathlib import Path

import click

from ecommerce.core.connections import is_migrated, metadata_file
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings

REPOSITORY = Path(__file__).absolute().parents[3]
SETTINGS = {field.name.upper() for field in fields(Settings)}
FOLDERS = sorted(name.removesuffix("_URI").lower() for name in SETTINGS if name.endswith("_URI"))


def load(environ: MutableMapping[str, str] = os.environ, *, connections_of_the_ui: bool = True) -> None:
    """Add to `environ` what it lacks: from `.env`, or else from what `make demo` left in `$DEMO_HOME`, and of
    this machine what neither says.

    What is set already wins, except an empty setting. In a container, where there is neither file, that is
    all there is.

    Args:
        environ: a process's environment.
        connections_of_the_ui: let this process itself find connections that were entered in Airflow's UI, as
            Airflow's own `connections get` does. Tasks are given theirs by the API server.

    Raises:
        ConfigurationError: there is neither file, and `environ` has no setting and no connection.
    """
    demo = Path(environ.get("DEMO_HOME") or REPOSITORY / ".demo") / "environment"
    file = next((file for file in (REPOSITORY / ".env", demo) if file.exists()), None)
    if file:
        set_here = {name: value for name, value in environ.items() if value or name not in SETTINGS}
        given = _read(file) | set_here
        environ.update(_of_this_machine(given.get("AIRFLOW_HOME", "")) | given)
    elif not any(name in SETTINGS or name.startswith("AIRFLOW_CONN_") for name in environ):
        raise ConfigurationError(
            "there is no .env and no setting in the environment: run make env, and fill in .env, or make demo"
        )
    if connections_of_the_ui and has_ui(environ):
        environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def has_ui(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the metadata database may hold connections and Variables. One that nobody has migrated
    is left alone: Airflow creates the file when it looks for them."""
    file = metadata_file(environ)
    return file is None or is_migrated(file)


def go_apart(folder: Path) -> None:
    """Let Airflow, which this imports, keep its metadata in a database of this process alone in `folder`, and
    find in the environment the connections and Variables of the one that it used before.

    A scheduler never sees that database. In the scheduler's own, a run of this process would write anew when
    the DAG runs next: the scheduler may then run the newest day once more.

    Raises:
        ConfigurationError: the database that the environment names cannot be read.
    """
    from airflow import settings

    for name, value in _of_the_ui().items():
        os.environ.setdefault(name, value)
    for name in [name for name in os.environ if name.startswith("AIRFLOW__DATABASE__")]:
        del os.environ[name]
    os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{folder}/airflow.db"
    settings.dispose_orm(do_log=False)
    settings.configure_vars()
    settings.configure_orm()


def _of_the_ui() -> dict[str, str]:
    """The connections and Variables in Airflow's database, as the environment gives them; none where it has
    not been migrated."""
    from airflow.models.connection import Connection
    from airflow.models.variable import Variable
    from airflow.utils.session import create_session
    from sqlalchemy import select

    if not has_ui():
        return {}
    fields = ("conn_type", "host", "schema", "login", "password", "port", "extra")
    try:
        with create_session() as session:
            connections = {
                str(each.conn_id): json.dumps({name: getattr(each, name) for name in fields})
                for each in session.scalars(select(Connection))
            }
            variables = {str(each.key): each.val for each in session.scalars(select(Variable))}
    except Exception:  # of the database's driver, or of decryption; its text may show a secret
        variables = {"": None}
    if None in variables.values():  # Airflow decrypts what it cannot read to nothing
        raise ConfigurationError(
            "the connections and Variables of Airflow's UI cannot be read: its database does not answer "
            "(AIRFLOW__DATABASE__SQL_ALCHEMY_CONN, or airflow.db in AIRFLOW_HOME), is of another version "
            "(airflow db migrate), or encrypted with another AIRFLOW__CORE__FERNET_KEY"
        )
    return {f"AIRFLOW_CONN_{name.upper()}": text for name, text in connections.items()} | {
        f"AIRFLOW_VAR_{name.upper()}": text for name, text in variables.items()
    }


def _of_this_machine(home: str) -> dict[str, str]:
    """What Airflow and the pipeline need here beside settings: the code, folders below `home` (empty:
    `.airflow` in the repository), and a UI that no other machine reaches."""
    folder = Path(home or REPOSITORY / ".airflow").expanduser().absolute()
    return {
        "AIRFLOW_HOME": str(folder),
        **{f"AIRFLOW__CORE__{name.upper()}_FOLDER": str(REPOSITORY / name) for name in ("dags", "plugins")},
        # Not `as_uri`, which writes blanks as %20, which nobody reads back.
        **{f"{name.upper()}_URI": f"file://{folder}/data/{name}" for name in FOLDERS},
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "8",  # each is a process that is there from the start
        "AIRFLOW__API__HOST": "127.0.0.1",
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS ends forked tasks otherwise
    }


def _read(file: Path) -> dict[str, str]:
    """What a file gives; an empty value counts as not given, and a dollar sign is one. A line that cannot be
    read is reported by its number and its name alone: the rest may be a secret."""
    from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    with file.open(encoding="utf-8") as stream:
        for line in parse_stream(stream):
            if line.key and line.value:
                found[line.key] = line.value
            elif line.key:
                found.pop(line.key, None)
            if line.error:
                text = line.original.string.lstrip("\r\n")
                number = line.original.line + line.original.string[: -len(text) or None].count("\n")
                name = re.match(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=", text)
                click.echo(
                    f"warning: line {number} of {file.name} is ignored, because it cannot be read: "
                    f"{f'{name[1]}=…; is a quote missing at its end?' if name else 'it is not NAME=value'}",
                    err=True,
                )
    return found
