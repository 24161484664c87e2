"""What PostgreSQL's failures mean, as `ecommerce.core.errors`."""

from __future__ import annotations

import re
from typing import NoReturn

from ecommerce.core import errors
from ecommerce.core.error_messages import CLOSED, NO_TLS, NO_WAY, NOT_TRUSTED, REFUSED, SILENT, UNRESOLVED
from ecommerce.core.text import mask_e_mails

_NO_CONNECTION = (
    (r"resolve host|translate host name|Name or service not known", UNRESOLVED),
    (r"Connection refused|No such file or directory\n\tIs the server", REFUSED),
    (r"timeout expired|timed out", SILENT),
    (r"No route to host|[Uu]nreachable", NO_WAY),
    (r"certificate", NOT_TRUSTED),
    (r"does not support SSL|invalid response to SSL negotiation", NO_TLS),
    (r"closed the connection unexpectedly|Connection reset", CLOSED),
)
"""Texts of libpq for a server that cannot be reached."""


def raise_connection_error(conn_id: str, place: str, text: str) -> NoReturn:
    """Raise the error of a failed connection, which has no SQLSTATE: only the text of libpq, or after
    `FATAL:` that of the server (English, or unknown).

    Args:
        conn_id: of the connection.
        place: host and port.
        text: of libpq's error, e-mail addresses masked.

    Raises:
        ContractError: TLS fails, or the database does not exist.
        CredentialsError: the server refuses user, password or address.
        TransientError: the server is down, starting, or has no connection left.
    """
    _, is_of_server, after = text.rpartition("FATAL:")
    reason = after.strip().splitlines()[0]
    if not is_of_server:
        words = next((words for pattern, words in _NO_CONNECTION if re.search(pattern, text)), "{detail}")
        detail = reason.rpartition(" failed: ")[2]
        problem = words.format(place=place, host=place.rpartition(":")[0], detail=detail)
        if words in (NOT_TRUSTED, NO_TLS):
            raise errors.ContractError(
                f"{conn_id}: {problem}: check sslmode and sslrootcert in the connection's extra"
            ) from None
        raise errors.TransientError(f"{conn_id}: {problem}") from None
    if re.search(r"password|authentication|pg_hba\.conf|role .* does not exist|certificate", reason):
        raise errors.CredentialsError(
            f"{conn_id}: the server refuses the login ({reason}): check login and password of the connection"
        ) from None
    if re.search(r"permission denied for database", reason):
        raise errors.CredentialsError(
            f"{conn_id}: {reason}: grant CONNECT on it to the connection's role (deploy/postgres_reader.sql)"
        ) from None
    if re.search(r"database .* does not exist", reason):
        raise errors.ContractError(f"{conn_id}: {reason}: check the schema field of the connection") from None
    raise errors.TransientError(f"{conn_id}: {place} takes no connection now ({reason})") from None


def raise_query_error(conn_id: str, name: str, state: str | None, message: str) -> NoReturn:
    """Raise the error of a failed query by its SQLSTATE.

    Args:
        conn_id: of the connection.
        name: the query's file, with the line where it is known.
        state: SQLSTATE; None where the connection was lost.
        message: of PostgreSQL.

    Raises:
        TransientError: the connection was lost, or the server is busy.
        CredentialsError: the role may not read a table.
        ContractError: a row, or the schema, does not fit the query.
    """
    reason = mask_e_mails(" ".join(message.split()))
    error: errors.PipelineError
    if state is None or state[:2] in ("08", "40", "53", "55", "57", "58") or state == "25P04":
        error = errors.TransientError(f"{conn_id}: {name} did not finish: {reason}")
        if state == "57014" and "timeout" in reason:
            error = errors.TransientError(
                f"{conn_id}: {name} took longer than statement_timeout allows: add the indexes that "
                "make check names, or raise statement_timeout in the connection's extra"
            )
    elif state == "42501" or state[:2] == "28":
        error = errors.CredentialsError(f"{conn_id}: {name}: {reason}: grant SELECT to the connection's role")
    elif state[:2] == "22":
        error = errors.ContractError(f"{conn_id}: {name}: {reason}: fix that row, or exclude it in the query")
    else:
        error = errors.ContractError(
            f"{conn_id}: {name}: {reason}: adapt include/sql/extract/{conn_id} to the schema of the source"
        )
    raise error from None
