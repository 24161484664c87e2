"""A drop folder of partner files for one test, and lines to put into it."""

import gzip
import os
from dataclasses import replace
from datetime import UTC, date, datetime

from ecommerce.core.business_day import closed_days
from ecommerce.core.read_window import LoadedFile, ReadWindow
from ecommerce.sources import PARTNER_FILES
from ecommerce.sources.partner_layouts import COLUMNS
from tests.explained import findings
from tests.memory import Remembered
from tests.parquet import read_rows

DAY = date(2026, 3, 10)

HEADER = ",".join(COLUMNS)

RECEIVED = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)

HASH_KEY = "a hash key that only tests use"


class Drop:
    """A drop folder and what the warehouse knows of its files."""

    def __init__(self, folder):
        self.drop = folder / "drop"
        self.staging = folder / "staging"
        self.drop.mkdir()
        self.loaded = {}
        self.reads = 0
        self.earlier_reads = Remembered(loaded_files=self.look_up)

    def put(
        self,
        name,
        content,
        received=RECEIVED,
    ):
        """Deliver a file; text is compressed when the name says so."""
        data = content.encode() if isinstance(content, str) else content
        if name.endswith(".gz") and isinstance(content, str):
            data = gzip.compress(data)
        path = self.drop / name
        path.write_bytes(data)
        os.utime(path, (received.timestamp(), received.timestamp()))
        return path

    def deliver(
        self,
        name,
        *order_ids,
        received=RECEIVED,
    ):
        """Deliver a file of orders with one line each."""
        return self.put(
            name,
            file_of(*map(line, order_ids)),
            received,
        )

    def extract(self, day=DAY, last=None, is_newest=True):
        """One run of a day, or of those up to `last`; of the newest day or an older one."""
        days = closed_days(
            day,
            last or day,
            "UTC",
        )
        self.reads += 1
        folder = f"file://{self.staging}/{self.reads}"
        window = ReadWindow(
            "partner_files",
            days,
            days.start,
            None if is_newest else days.end,
            folder,
        )
        return PARTNER_FILES.source().extract(
            replace(window, earlier_reads=self.earlier_reads)
        )

    def extract_and_load(self, *days):
        """One run, whose files the warehouse then has."""
        self.load(self.extract(*days))

    def look_up(
        self,
        source,
        names,
        order_ids=(),
    ):
        """The answer of the warehouse."""
        wanted = set(order_ids)
        return {
            name: file
            for name, file in self.loaded.items()
            if name in names or wanted.intersection(file.order_ids)
        }

    def load(self, manifest):
        """As the load does with `files.parquet`."""
        for name, sha256, received_at, order_ids in rows(
            manifest, "files", "file, sha256, received_at, order_ids"
        ):
            self.loaded[name] = LoadedFile(sha256, received_at, order_ids)


def rows(manifest, name, columns="*"):
    return read_rows(manifest.file(f"{name}.parquet"), columns)


def found(manifest):
    """What the warnings of a folder found."""
    return findings(manifest.control_totals["warnings"])


def line(
    order_id,
    number=1,
    name="Mug",
    quantity="2",
):
    return (
        f"{order_id},{number},2026-03-10T08:00:00+01:00,2026-03-10T09:00:00Z,completed,SKU-1,{name},Cups,"
        f"{quantity},10.50,0,1.60,EUR,jane@example.com,DE"
    )


def file_of(*lines, end="\n"):
    return end.join((HEADER, *lines)) + end
