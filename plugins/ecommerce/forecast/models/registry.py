"""What the domain keeps below MODELS_URI, for good: `champions/`, `inputs/` and `trained/`. Files are named
by the first day they may be used for, numbered, and end with a hash of their content; none is ever
overwritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ecommerce.core.errors import StagingError
from ecommerce.forecast.models.ensemble import CANDIDATES, DEFAULT
from ecommerce.sources.partner_ftp.files import Announced, MarketWeek, Promotion
from ecommerce.storage.kept_files import Store

CHAMPIONS, INPUTS, TRAINED = "champions", "inputs", "trained"


@dataclass(frozen=True, slots=True)
class Champion:
    """The candidate that is trained since `as_of`; `version` names the record, None where none was
    selected."""

    name: str = DEFAULT
    as_of: date | None = None
    version: str | None = None


def keep(store: Store, folder: str, as_of: date, content: dict[str, Any]) -> str:
    """Write `content` as JSON, unless the last record of that day says the same; the record's name. Of
    several of one day the last one counts.

    Raises:
        StagingError: the store cannot be written.
    """
    data = (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    before = [name for name in _names(store, folder) if _day(name) == str(as_of)]
    if before and store.read(before[-1]) == data:
        return before[-1]
    name = f"{folder}/{as_of}-{len(before) + 1:03}-{hashlib.sha256(data).hexdigest()[:16]}.json"
    store.write(name, data)
    return name


def champion(store: Store, as_of: date) -> Champion:
    """The champion that was selected last, by what was known before `as_of`; the default where none was.

    Raises:
        StagingError: the store cannot be read, or another version of this code wrote the record.
    """
    name, record = _newest(store, CHAMPIONS, as_of)
    if not name:
        return Champion()
    if record.get("champion") not in CANDIDATES:
        raise StagingError(f"{store.uri_of(name)} was written by another version of this code")
    return Champion(record["champion"], date.fromisoformat(record["as_of"]), name)


def why(store: Store, version: str) -> str:
    """Why the champion of a record was chosen; empty where there is no such record, or it does not say.

    Raises:
        StagingError: the store cannot be read.
    """
    try:
        return str(json.loads(store.read(version) or b"{}").get("why") or "")
    except ValueError:
        return ""


def announced(store: Store, as_of: date) -> Announced:
    """What the partner had told when the forecast of `as_of` was made: the last inputs kept."""
    _, record = _newest(store, INPUTS, as_of)
    return from_json(record)


def from_json(kept: Mapping[str, Any]) -> Announced:
    """What `as_json` wrote; a record that lacks a part of it has nothing in it.

    Raises:
        ValueError, KeyError: it was written by something else.
    """
    return Announced(
        tuple(
            Promotion(
                date.fromisoformat(each["start_date"]),
                date.fromisoformat(each["end_date"]),
                each["sku"],
                Decimal(each["discount_percent"]),
            )
            for each in kept.get("promotions", ())
        ),
        tuple(
            MarketWeek(date.fromisoformat(each["week_start"]), Decimal(each["index"]))
            for each in kept.get("market_index", ())
        ),
    )


def as_json(known: Announced) -> dict[str, Any]:
    """What the partner told, as plain JSON that `from_json` reads."""
    return {
        "promotions": [
            {
                "start_date": str(each.start_date),
                "end_date": str(each.end_date),
                "sku": each.sku,
                "discount_percent": str(each.discount_percent),
            }
            for each in known.promotions
        ],
        "market_index": [
            {"week_start": str(each.week_start), "index": str(each.index)} for each in known.market_index
        ],
    }


def _newest(store: Store, folder: str, as_of: date) -> tuple[str | None, dict[str, Any]]:
    """The record of the latest day up to `as_of`; of several of one day the last one."""
    names = [name for name in _names(store, folder) if _day(name) <= str(as_of)]
    if not names:
        return None, {}
    try:
        return names[-1], json.loads(store.read(names[-1]) or b"{}")
    except ValueError:
        raise StagingError(f"{store.uri_of(names[-1])} is no JSON: remove it") from None


def _names(store: Store, folder: str) -> list[str]:
    """The records in the order of their days and numbers, without what a killed process left half written."""
    return sorted(name for name in store.names(folder) if name.endswith(".json"))


def _day(name: str) -> str:
    return name.rpartition("/")[2][:10]
