"""Write `.env` from `.env.example` with a random value for every secret; never touch an existing `.env`."""

import base64
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def _text() -> str:
    return secrets.token_urlsafe(32)


def _user_id() -> str:
    # Files written by containers belong to the user of the stack; root and Windows use the image's user.
    return str(getattr(os, "getuid", int)() or 50000)


FILLED: dict[str, Callable[[], str]] = {
    "CUSTOMER_HASH_KEY": _text,
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(12),
    "AIRFLOW__CORE__FERNET_KEY": lambda: base64.urlsafe_b64encode(
        secrets.token_bytes(32)
    ).decode(),
    "AIRFLOW__API_AUTH__JWT_SECRET": lambda: secrets.token_urlsafe(
        64
    ),  # HS512 requires 64 bytes
    "AIRFLOW__API__SECRET_KEY": _text,
    "POSTGRES_PASSWORD": _text,
    "REDIS_PASSWORD": _text,
    "GRAFANA_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(12),
    "AIRFLOW_UID": _user_id,
}
"""The settings that are empty in `.env.example`, with the function that creates each value."""


def filled(example: str) -> str:
    """Return the text of `.env.example` with a new value for each setting in `FILLED`."""
    lines = example.splitlines()
    for number, line in enumerate(lines):
        name, _, value = line.partition("=")
        if name in FILLED and not value:
            lines[number] = f"{name}={FILLED[name]()}"
    return "\n".join(lines) + "\n"


def unset(env: str) -> list[str]:
    """Return the settings of `FILLED` without a value in the text of a `.env`."""
    set_names = {
        name
        for name, _, value in (line.partition("=") for line in env.splitlines())
        if value
    }
    return [name for name in FILLED if name not in set_names]


def main(folder: Path = REPOSITORY) -> int:
    """Write `folder`/.env, readable by its owner only; exit code 1 when an existing one lacks a secret."""
    path = folder / ".env"
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        missing = unset(path.read_text())
        lacks = f"; it has no value for {', '.join(missing)}" if missing else ""
        sys.stdout.write(f".env exists and is not changed{lacks}\n")
        return 1 if missing else 0
    path.write_text(filled((folder / ".env.example").read_text()))
    sys.stdout.write(
        "wrote .env with random secrets: sign in as admin with its AIRFLOW_ADMIN_PASSWORD\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
