"""What the forecast stores for good below MODELS_URI: `champions/` and `inputs/`, a record for each first day
of use, and `trained/`."""

import json
from dataclasses import dataclass
from datetime import date

from ecommerce.core.values import Json
from ecommerce.forecast.models.ensemble import CANDIDATES, DEFAULT
from ecommerce.forecast.partner_ftp.files import Announced, PartnerFiles
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import from_plain

CHAMPIONS = "champions"
INPUTS = "inputs"
TRAINED = "trained"


@dataclass(frozen=True, slots=True)
class Champion:
    """The candidate in use, the name of its record (None for the default), and the reason, which the default
    has in place of a selected candidate that no longer exists."""

    name: str = DEFAULT
    version: str | None = None
    why: str = ""


def keep(
    store: Store,
    folder: str,
    as_of: date,
    content: Json,
) -> str:
    """Store plain JSON as the record of the first day of its use, in place of an earlier one, and return the
    record's name. `folder` is `CHAMPIONS` or `INPUTS`."""
    name = f"{folder}/{as_of}.json"
    text = json.dumps(
        content,
        indent=1,
        sort_keys=True,
        ensure_ascii=False,
    )
    store.write(name, f"{text}\n".encode())
    return name


def champion(store: Store, as_of: date) -> Champion:
    """Return the champion selected last from data before `as_of`; the default without a selection, or where
    this code has no such candidate any more."""
    name, record = _newest(store, CHAMPIONS, as_of)
    if not record:
        return Champion()
    if record["champion"] not in CANDIDATES:
        return Champion(why="the selected model no longer exists")
    return Champion(record["champion"], name, record.get("why", ""))


def announced(store: Store, as_of: date) -> PartnerFiles:
    """Return the partner's announcements at the time of the forecast of `as_of`: the last stored inputs."""
    _, record = _newest(store, INPUTS, as_of)
    return PartnerFiles(from_plain(Announced, record))


def _newest(
    store: Store,
    folder: str,
    as_of: date,
) -> tuple[str, Json]:
    """Return the name and the content of the last record up to the day `as_of`; both empty without one."""
    last = f"{folder}/{as_of}.json"
    names = [name for name in store.names(folder) if name <= last]
    if not names:
        return "", {}
    name = max(names)
    return name, json.loads(store.read(name) or b"")
