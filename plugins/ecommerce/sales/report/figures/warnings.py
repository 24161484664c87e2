"""The warnings of a report: what extracts, transforms, checks and the queries found, the worst first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from ecommerce.core.data_warnings import CHECK, DataWarning, data_warning, wording
from ecommerce.core.text import mask_e_mails
from ecommerce.sales.report.figures.base import Row


def collected(day: date, *groups: Iterable[Mapping[str, Any]]) -> list[DataWarning]:
    """Return the warnings of all groups for the report of `day`, each once, the worst first; e-mail addresses
    are masked. Checks of days after `day` are left out: those days have checks of their own."""
    warnings: dict[str, DataWarning] = {}
    for warning in (each for group in groups for each in group):
        kept = {
            name: mask_e_mails(value) if isinstance(value, str) else value for name, value in warning.items()
        }
        if kept["kind"] == CHECK and kept.get("days"):
            kept["days"] = [each for each in kept["days"] if each <= day.isoformat()]
            if not kept["days"]:
                continue
        warnings.setdefault(json.dumps(kept, sort_keys=True, default=str), kept)
    return sorted(warnings.values(), key=lambda warning: -wording(warning).weight)


def of_files(rows: Sequence[Row]) -> list[DataWarning]:
    """Return the warnings of the rows of `file_warnings.sql`."""
    stored = [json.loads(row["warning"]) for row in rows if row["warning"]]
    refused = [
        data_warning(
            "new_version_refused" if row["is_loaded"] else "file_refused",
            file=row["file"],
            detail=row["detail"],
        )
        for row in rows
        if row["file"]
    ]
    return [*stored, *refused]


def of_exports(rows: Iterable[Row]) -> list[DataWarning]:
    """Return the warnings of the rows of `history_loads.sql`: exports that were loaded, or loaded in part."""
    warnings = []
    for row in rows:
        facts = {name: row[name] for name in ("source", "run_id", "orders")}
        if row["rows_rejected"]:
            reasons = f" ({row['reasons']})" if row["reasons"] else ""
            rejected = {"rejected": row["rows_rejected"], "rows": row["rows_read"], "reasons": reasons}
            warnings.append(data_warning("export_rejects", **facts, **rejected))
        else:
            warnings.append(data_warning("export_loaded", **facts))
    return warnings
