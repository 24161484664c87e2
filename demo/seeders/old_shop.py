"""Write the bulk export of the shop that the company had before, as `sales_history_load` takes it: a
compressed file for each quarter."""

from __future__ import annotations

from pathlib import Path

from demo.ledger import Ledger
from demo.seeders.partner_files import render, write

PATTERN = "orders_*.csv.gz"
"""The export's files."""
_COMPLETE = "_SUCCESS"


def fill(folder: Path, ledger: Ledger) -> None:
    """Write the export, whose files never change, unless it is there. It takes some five seconds."""
    complete = folder / _COMPLETE
    if not ledger.old_shop or complete.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for file in ledger.old_shop.export():
        write(folder / file.name, render(file), file.received_at.timestamp())
    complete.touch()
