"""What the forecast stores for good below MODELS_URI: `champions/` and `inputs/`, a record for each first day
of use, and `trained/`."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecommerce.core.errors import StagingError
from ecommerce.forecast.models.ensemble import CANDIDATES, DEFAULT
from ecommerce.forecast.partner_ftp.files import Announced
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import from_plain

CHAMPIONS, INPUTS, TRAINED = "champions", "inputs", "trained"


@dataclass(frozen=True, slots=True)
class Champion:
    """The candidate in use, the name of its record (None for the default), and the reason, which the default
    has in place of a selected candidate that no longer exists."""

    name: str = DEFAULT
    version: str | None = None
    why: str = ""


def keep(store: Store, folder: str, as_of: date, content: dict[str, Any]) -> str:
    """Store plain JSON as the record of the first day of its use, in place of an earlier one, and return the
    record's name. `folder` is `CHAMPIONS` or `INPUTS`."""
    name = f"{folder}/{as_of}.json"
    store.write(
        name,
        f"{json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)}\n".encode(),
    )
    return name


def champion(store: Store, as_of: date) -> Champion:
    """Return the champion selected last from data before `as_of`; the default without a selection, or where
    this code has no such candidate any more."""
    name, record = _newest(store, CHAMPIONS, as_of)
    if record.get("champion") not in CANDIDATES:
        return Champion(why="the selected model no longer exists" if name else "")
    return Champion(record["champion"], name, str(record.get("why") or ""))


def announced(store: Store, as_of: date) -> Announced:
    """Return the partner's announcements at the time of the forecast of `as_of`: the last stored inputs."""
    return from_plain(Announced, _newest(store, INPUTS, as_of)[1])


def _newest(
    store: Store, folder: str, as_of: date
) -> tuple[str | None, dict[str, Any]]:
    """The last record of the latest day up to `as_of`, without partial files of a killed process."""
    names = (name for name in store.names(folder) if name.endswith(".json"))
    known = (
        name for name in names if name.removeprefix(f"{folder}/")[:10] <= str(as_of)
    )
    if not (newest := max(known, default=None)):
        return None, {}
    try:
        return newest, json.loads(store.read(newest) or b"{}")
    except ValueError:
        raise StagingError(f"{store.uri_of(newest)} is not JSON: remove it") from None
