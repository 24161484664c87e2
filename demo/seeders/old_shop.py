"""Seeder of the former shop's bulk export for `sales_history_load`: a compressed file per quarter."""

from pathlib import Path

from demo.ledger import Ledger
from demo.seeders.atomic import write
from demo.seeders.partner_files import render

PATTERN = "orders_*.csv.gz"
"""The file names of the export."""
_COMPLETE = "_SUCCESS"


def fill(folder: Path, ledger: Ledger) -> None:
    """Write the export, unless it exists; takes about five seconds."""
    complete = folder / _COMPLETE
    if not ledger.old_shop or complete.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for file in ledger.old_shop.export():
        write(folder / file.name, render(file), file.received_at.timestamp())
    complete.touch()
