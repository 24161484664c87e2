"""What PostgreSQL's failures mean, as `ecommerce.core.errors`."""

import re

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.error_messages import CLOSED, NO_TLS, NO_WAY, NOT_TRUSTED, REFUSED, SILENT, UNRESOLVED
from ecommerce.core.errors import ContractError, CredentialsError, PipelineError, TransientError

_UNREACHABLE = (
    (r"resolve host|translate host name|Name or service not known", UNRESOLVED),
    (r"Connection refused|No such file or directory\n\tIs the server", REFUSED),
    (r"timeout expired|timed out", SILENT),
    (r"No route to host|[Uu]nreachable", NO_WAY),
    (r"certificate", NOT_TRUSTED),
    (r"does not support SSL|invalid response to SSL negotiation", NO_TLS),
    (r"closed the connection unexpectedly|Connection reset", CLOSED),
    (r"", "{detail}"),
)
"""Texts of libpq for a server that cannot be reached."""
_REFUSED: tuple[tuple[str, type[PipelineError], str], ...] = (
    (
        r"password|authentication|pg_hba\.conf|role .* does not exist|certificate",
        CredentialsError,
        "the server refuses the login ({reason}): check login and password of the connection",
    ),
    (
        r"permission denied for database",
        CredentialsError,
        "{reason}: grant CONNECT on it to the connection's role (deploy/postgres_reader.sql)",
    ),
    (r"database .* does not exist", ContractError, "{reason}: check the schema field of the connection"),
    (r"", TransientError, "{place} takes no connection now ({reason})"),
)
"""Texts of a server that refuses a connection."""
_FAILED: tuple[tuple[str, type[PipelineError], str], ...] = (
    (
        r"57014 .*timeout",
        TransientError,
        "{name} took longer than statement_timeout allows: add the indexes that make check names, or raise "
        "statement_timeout in the connection's extra",
    ),
    (r"(None|08|40|53|55|57|58|25P04)", TransientError, "{name} did not finish: {reason}"),
    (r"(42501|28)", CredentialsError, "{name}: {reason}: grant SELECT to the connection's role"),
    (r"22", ContractError, "{name}: {reason}: fix that row, or exclude it in the query"),
    (
        r"",
        ContractError,
        "{name}: {reason}: adapt include/sql/extract/{conn_id} to the schema of the source",
    ),
)
"""SQLSTATE and text of a failed query."""


def connection_error(conn_id: str, place: str, text: str) -> PipelineError:
    """Return the error of a failed connection, which has no SQLSTATE: only the text of libpq, or after
    `FATAL:` that of the server (English, or unknown).

    Args:
        conn_id: of the connection.
        place: host and port.
        text: of libpq's error, e-mail addresses masked.
    """
    _, is_of_server, after = text.rpartition("FATAL:")
    reason = after.strip().splitlines()[0]
    if is_of_server:
        kind, words = next((kind, words) for pattern, kind, words in _REFUSED if re.search(pattern, reason))
        return kind(f"{conn_id}: {words.format(place=place, reason=reason)}")
    words = next(words for pattern, words in _UNREACHABLE if re.search(pattern, text))
    detail = reason.rpartition(" failed: ")[2]
    problem = f"{conn_id}: {words.format(place=place, host=place.rpartition(':')[0], detail=detail)}"
    if words in (NOT_TRUSTED, NO_TLS):
        return ContractError(f"{problem}: check sslmode and sslrootcert in the connection's extra")
    return TransientError(problem)


def query_error(conn_id: str, name: str, state: str | None, message: str) -> PipelineError:
    """Return the error of a failed query by its SQLSTATE.

    Args:
        conn_id: of the connection.
        name: the query's file, with the line where it is known.
        state: SQLSTATE; None where the connection was lost.
        message: of PostgreSQL.
    """
    reason = mask_e_mails(" ".join(message.split()))
    found = f"{state} {reason}"
    kind, words = next((kind, words) for pattern, kind, words in _FAILED if re.match(pattern, found))
    return kind(f"{conn_id}: {words.format(name=name, reason=reason, conn_id=conn_id)}")
