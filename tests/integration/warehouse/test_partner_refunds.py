"""Refunds in partners' files that arrive days after their sales, from the drop folder to the warehouse."""

import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine

from ecommerce.core.business_day import closed_days
from ecommerce.core.read_window import ReadWindow
from ecommerce.sales.transform import transform
from ecommerce.sources import PARTNER_FILES, partner_layouts
from ecommerce.sources.partner_layouts import COLUMNS
from ecommerce.warehouse import load_history
from tests.integration.warehouse.conftest import Shop
from tests.rows import column_of

SOLD, RETURNED, LATER = (date(2026, 3, day) for day in (2, 4, 6))
MOST_IMPORTANT = ("orders", "order_lines", "refunds", "customers")
SALES = ["A,1,{sold},MUG,2", "A,2,{sold},CUP,1", "B,1,{sold},MUG,1"]
RETURNS = ["A,1,{returned},CUP,-1", "B,9,{returned},POT,-1", "C,1,{returned},MUG,3"]
"""A cup of A, an unknown product of B, and a sale."""


@dataclass
class Partner:
    """A partner who delivers to a drop folder, and the runs that load its files into a warehouse."""

    shop: Shop
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    runs: int = field(default=0)

    def deliver(self, day, rows, partner="acme"):
        """Put a file of a day into the folder; each delivery is later than the former ones."""
        lines = [",".join(COLUMNS)]
        for row in rows:
            order_id, number, ordered_at, sku, quantity = row.format(
                sold=f"{SOLD}T15:00:00Z", returned=f"{RETURNED}T15:00:00Z"
            ).split(",")
            price = f"{quantity},10,0,0,USD"
            instants = f"{ordered_at},{ordered_at}"
            lines.append(
                f"{order_id},{number},{instants},completed,{sku},{sku},Cups,{price},jane@example.com,DE"
            )
        path = self.folder / f"{partner}_{day}.csv"
        path.write_text("\n".join(lines) + "\n")
        self.runs += 1
        received = self.now().timestamp()
        os.utime(path, (received, received))

    def now(self):
        """An hour later in each run."""
        return datetime.combine(LATER, time(12), UTC) + timedelta(hours=self.runs)

    def stage(self, day):
        """Extract and transform the files of a day's run."""
        dataset = self.shop.dataset
        self.monkeypatch.setenv("BIGQUERY_DATASET", dataset)
        self.monkeypatch.setenv("PARTNER_DROP_URI", f"file://{self.folder}")
        self.runs += 1
        days = closed_days(day, day, "America/New_York")
        folder = f"file://{self.folder.parent}/{self.folder.name}-raw/{self.runs}/partner_files"
        window = ReadWindow(
            "partner_files", days, days.start, None, folder, earlier_reads=load_history
        )
        with time_machine.travel(self.now()):
            raw = PARTNER_FILES.source().extract(window)
            return transform(raw, run_id=f"run {self.runs}")

    def load(self, manifest):
        """Load what was staged; the load loses nothing."""
        run = {
            "day": manifest.business_date,
            "run_id": manifest.control_totals["run_id"],
        }
        self.shop.load_staged([manifest], **run)
        failing = []
        for check in self.shop.failing(**run):
            if check.severity == "error":
                failing.append(check)
        assert failing == []

    def run(self, day):
        self.load(self.stage(day))

    def refunds(self):
        """Order, SKU, line, amount and channel of each refund."""
        names = ("order_id", "sku", "line_number", "merchandise_amount", "channel")
        return self.shop.tuples("refunds", *names)

    def names(self):
        """The files in the drop folder."""
        return [path.name for path in self.folder.iterdir()]

    def gross_sales(self):
        return self.shop.by("orders", "order_id", "gross_amount")


CUP_OF_A = ("A", "CUP", 2, Decimal(10), "acme")
POT_OF_B = ("B", "POT", 0, Decimal(10), "acme")
GROSS = {"A": 30, "B": 10, "C": 30}


@pytest.fixture
def _returns_are_negative(tmp_path, monkeypatch):
    """Layouts of the partners that read a negative quantity as a refund."""
    folder = tmp_path / "partners"
    folder.mkdir()
    for name in ("acme", "globex"):
        (folder / f"{name}.yaml").write_text("refund_when: {quantity: negative}")
    monkeypatch.setattr(partner_layouts, "FOLDER", folder)


pytestmark = pytest.mark.usefixtures("_returns_are_negative")


def a_partner(shop, tmp_path, monkeypatch, name="drop"):
    folder = tmp_path / name
    folder.mkdir()
    return Partner(shop, folder, monkeypatch)


@pytest.fixture
def partner(shop, tmp_path, monkeypatch):
    return a_partner(shop, tmp_path, monkeypatch)


@pytest.fixture
def second(second_shop, tmp_path, monkeypatch):
    return a_partner(
        second_shop,
        tmp_path,
        monkeypatch,
        "second",
    )


@pytest.mark.slow
def test_a_refund_is_kept_whichever_file_is_delivered_again(partner):
    partner.deliver(SOLD, SALES)
    partner.run(SOLD)
    sold = partner.shop.rows("orders")
    partner.deliver(RETURNED, RETURNS)
    partner.run(RETURNED)
    assert partner.shop.rows("orders")[:2] == sold
    returns = partner.shop.by("daily_summary", "business_date", "returns")
    assert returns[RETURNED] == 20

    of_both = [CUP_OF_A, POT_OF_B]
    of_e = ("E", "MUG", 1, Decimal(10), "acme")
    steps = (
        # The same rows in another order, so that the file is read again.
        (SOLD, [*SALES[1:], SALES[0]], of_both, {}),
        (RETURNED, RETURNS[::-1], of_both, {}),
        # The partner's correction has one refund less, and its last file has only one of an unknown order.
        (RETURNED, RETURNS[1:], [POT_OF_B], {}),
        (LATER, ["D,1,{returned},MUG,-1"], None, {}),
        (
            LATER,
            ["E,1,{returned},MUG,2", "E,2,{returned},MUG,-1"],
            [POT_OF_B, of_e],
            {"E": 20},
        ),
        # An order that no file has any more is removed with its refund.
        (LATER, ["F,1,{returned},MUG,1"], [POT_OF_B], {"F": 10}),
    )
    for day, rows, refunds, gross in steps:
        partner.deliver(day, rows)
        partner.run(max(day, RETURNED))
        if refunds is not None:
            assert partner.refunds() == refunds
        assert partner.gross_sales() == GROSS | gross


def test_a_refund_that_files_repeat_counts_once_whatever_arrives_first(partner, second):
    """The newest file wins, also if it was read before its sale and the older ones."""
    files = {
        SOLD: SALES,
        RETURNED: RETURNS,
        LATER: [RETURNS[0], "B,1,{returned},MUG,-1"],
    }
    for day, rows in files.items():
        partner.deliver(day, rows)
        partner.run(day)
    mug_of_b = ("B", "MUG", 1, Decimal(10), "acme")
    refunds = sorted([CUP_OF_A, mug_of_b, POT_OF_B], key=repr)
    assert partner.refunds() == refunds
    ids = column_of(partner.shop.rows("refunds"), "refund_id")
    assert sorted(ids) == [
        "A-20260304150000-CUP-1-20260306",
        "B-20260304150000-MUG-1-20260306",
        "B-20260304150000-POT-1-20260304",
    ]

    for day in (LATER, SOLD, RETURNED):
        second.deliver(day, files[day])
        second.run(day)
        if day == LATER:
            # Of unknown orders, with the partner as the channel.
            lines = {(order_id, line) for order_id, _, line, *_ in second.refunds()}
            assert lines == {("A", 0), ("B", 0)}
    assert second.shop.state(MOST_IMPORTANT) == partner.shop.state(MOST_IMPORTANT)
    assert second.shop.rows("removed_orders") == []

    # Another partner does not refund these orders.
    second.deliver(
        RETURNED,
        RETURNS[:2],
        partner="zeta",
    )
    second.run(RETURNED)
    assert second.refunds() == refunds
    assert second.gross_sales() == GROSS


@pytest.mark.slow
@pytest.mark.parametrize("loaded", [(0, 1), (1, 0)])
@pytest.mark.parametrize(
    "staged",
    [
        (SOLD, RETURNED),
        (RETURNED, SOLD),
    ],
)
def test_runs_that_read_before_the_other_has_loaded_end_in_the_same_tables(
    partner, second, staged, loaded
):
    """The run that is staged later has read both files. What one could not know of the other, the next one
    settles."""
    files = {SOLD: SALES, RETURNED: RETURNS}
    for day, rows in files.items():
        partner.deliver(day, rows)
        partner.run(day)
    manifests = []
    for day in staged:
        second.deliver(day, files[day])
        manifests.append(second.stage(day))
    for place in loaded:
        second.load(manifests[place])
    assert second.gross_sales() == GROSS
    if staged == (SOLD, RETURNED):
        assert second.shop.state(MOST_IMPORTANT) == partner.shop.state(MOST_IMPORTANT)
    for _ in range(2):
        second.run(LATER)
        assert second.shop.state(MOST_IMPORTANT) == partner.shop.state(MOST_IMPORTANT)
    known = load_history.loaded_files("partner_files", second.names())
    assert not [file for file in known.values() if file.sha256.startswith("read again")]
