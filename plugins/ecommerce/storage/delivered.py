"""Files that other systems deliver, in any storage: what is known of them, and errors of reading them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import CredentialsError, TransientError
from ecommerce.core.values import Values


@contextmanager
def reading_errors(what: str) -> Iterator[None]:
    """Turn what a file system raises while `what` is read into errors of this package."""
    try:
        yield
    except PermissionError:
        raise CredentialsError(f"this worker has no right to read {what}") from None
    except FileNotFoundError:
        raise TransientError(f"{what} has disappeared") from None
    except OSError as error:
        why = reason_of(error, otherwise="the storage fails")
        raise TransientError(f"{what} could not be read: {why}") from error


def is_regular(facts: Values) -> bool:
    """Return whether fsspec's `facts` are those of a regular file, and of no link to one."""
    return facts["type"] == "file" and not facts.get("islink")


class Version(NamedTuple):
    """What changes when a file is written."""

    size: int
    """Bytes."""
    modified_at: datetime
    """UTC."""


def version_of(file_system: Any, path: str) -> Version:
    """Return the present version of a file."""
    # Object stores keep listings.
    file_system.invalidate_cache()
    size = int(file_system.info(path)["size"])
    return Version(size, modified_at(file_system, path))


def modified_at(file_system: Any, path: str) -> datetime:
    """Return when the file was written, UTC."""
    return file_system.modified(path).astimezone(UTC)
