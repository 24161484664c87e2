"""Any sources that are transformed in one pass get the rows that they get alone, whatever ids they share."""

import json
import logging
import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.sales.transform import ORDERS
from ecommerce.storage import staging
from ecommerce.transform import run
from tests.rows import column_of
from tests.unit.sales.transform.raw_folders import (
    DAY,
    READ_AT,
    RUN_ID,
    columns_of_table,
    read,
    write_tables,
)

SOURCES = 3
HOUR = timedelta(hours=1)
BETWEEN_READS = 12
"""Hours, so that the sources are read on several days."""
PLACE = "file VARCHAR, row_number BIGINT"
LINE = "line_number VARCHAR"
MONEY = "currency VARCHAR, amount VARCHAR"
TABLES = {
    "staged_orders": f"""
        order_id VARCHAR, version BIGINT, {PLACE}, channel VARCHAR, status VARCHAR, currency VARCHAR,
        country_code VARCHAR, customer_email VARCHAR, customer_id VARCHAR, coupon_code VARCHAR,
        is_test BOOLEAN, shipping_amount VARCHAR, fee_amount VARCHAR, tax_amount VARCHAR, ordered_at VARCHAR,
        updated_at VARCHAR, received_at TIMESTAMPTZ, attributes VARCHAR
    """,
    "staged_order_lines": f"""
        order_id VARCHAR, version BIGINT, {LINE}, {PLACE}, sku VARCHAR, product_name VARCHAR,
        category VARCHAR, quantity VARCHAR, unit_price VARCHAR, gross_amount VARCHAR, discount_amount VARCHAR,
        tax_amount VARCHAR, currency VARCHAR, line_updated_at TIMESTAMPTZ
    """,
    "staged_refunds": f"""
        refund_id VARCHAR, order_id VARCHAR, {LINE}, {PLACE}, sku VARCHAR, quantity VARCHAR,
        merchandise_amount VARCHAR, tax_amount VARCHAR, shipping_amount VARCHAR, unallocated_amount VARCHAR,
        reason VARCHAR, refunded_at VARCHAR
    """,
    "staged_payments": f"""
        payment_id VARCHAR, order_id VARCHAR, {PLACE}, kind VARCHAR, gateway VARCHAR, {MONEY},
        fee_amount VARCHAR, order_currency VARCHAR, order_amount VARCHAR, payout_id VARCHAR, is_test BOOLEAN,
        processed_at VARCHAR, received_at TIMESTAMPTZ
    """,
    "staged_payouts": f"""
        payout_id VARCHAR, {PLACE}, issued_on VARCHAR, status VARCHAR, {MONEY}, charges VARCHAR,
        refunds VARCHAR, fees VARCHAR, adjustments VARCHAR, external_reference VARCHAR,
        received_at TIMESTAMPTZ
    """,
    "staged_removals": "order_id VARCHAR, removed_at TIMESTAMPTZ",
    "staged_products": "sku VARCHAR, name VARCHAR, category VARCHAR, unit_cost VARCHAR, updated_at VARCHAR",
    "staged_customers": """
        customer_email VARCHAR, customer_id VARCHAR, country_code VARCHAR, updated_at VARCHAR
    """,
    "staged_rates": f"rate_date VARCHAR, currency VARCHAR, rate VARCHAR, {PLACE}",
    "staged_files": """
        file VARCHAR, sha256 VARCHAR, received_at TIMESTAMPTZ, order_ids VARCHAR[], rows_read BIGINT,
        source_orders BIGINT, source_amount DECIMAL(38, 4), warnings VARCHAR[]
    """,
    "staged_column_names": "file VARCHAR, name VARCHAR, file_name VARCHAR",
    "staged_rejects": f"{PLACE}, reason VARCHAR, detail VARCHAR, raw VARCHAR",
    "staged_rejected_amounts": "file VARCHAR, currency VARCHAR, amount DECIMAL(38, 4)",
    "staged_warnings": "warning VARCHAR",
    "staged_rows_read": "rows_read BIGINT",
    "kept_orders": columns_of_table("orders"),
    "kept_order_lines": columns_of_table("order_lines"),
}
FILES = ["one", "two"]
NUMBERS = ["1", "2", "3"]
AMOUNTS = ["3", "4.5", "10", None]
NAMES = ["Tea", "Mug", None]


class Records:
    """Random rows of the staged layout of a source, whose ids are few."""

    def __init__(self, dice, source, number):
        self.dice = dice
        self.source = source
        self.number = number
        self.row_number = 0
        self.tables = {name: [] for name in TABLES}

    def pick(self, *values):
        return self.dice.choice(values)

    def id(self, letter, ids=5):
        return f"{letter}{self.dice.randint(1, ids)}"

    def place(self):
        self.row_number += 1
        return {"file": self.dice.choice(FILES), "row_number": self.row_number}

    def instant(self, *unusual):
        """A text, sometimes of about a day after the read of one of the sources."""
        hours = self.dice.randint(0, SOURCES * BETWEEN_READS)
        future = READ_AT + timedelta(days=1, hours=hours)
        past = READ_AT - self.dice.randint(1, 90) * HOUR
        at = self.pick(past, past, past, past, future)
        return self.pick(*[at.isoformat()] * 8, *unusual)

    def stored_at(self):
        return READ_AT - self.dice.randint(-2, 9) * HOUR

    def amount(self, unusual="ten"):
        return self.dice.choice([*AMOUNTS * 5, unusual])

    def add(self, table, **row):
        self.tables[table].append(row)

    def fill(self, files):
        """Add rows to all tables; `files`: as a source of files, whose headers are made of lines."""
        for _ in range(12):
            self.add_order(files)
        for _ in range(12):
            self.add_refund()
            self.add_payment()
        for _ in range(3):
            self.add_payout()
        for number in NUMBERS:
            self.add_master_data(number)
        for number in (1, 6):
            self.add_kept_order(f"O{number}")
        self.add(
            "staged_removals", order_id=self.id("O", 9), removed_at=self.stored_at()
        )
        self.add("staged_warnings", warning=json.dumps({"kind": self.source}))
        if files:
            for file in FILES:
                self.add_file(file)
        self.add("staged_rows_read", rows_read=self.count(files))

    def add_order(self, files):
        place = self.place()
        # Orders that only one of the sources has, and of which the next one has lines.
        order_id = self.pick(self.id("O"), self.id("O"), f"U{self.number}")
        unknown = f"U{(self.number + 1) % SOURCES}"
        version = place["row_number"]
        self.add(
            "staged_orders",
            **place,
            order_id=order_id,
            version=version,
            channel=self.pick(None, "web"),
            status=self.pick("completed", "draft", "odd"),
            currency=self.pick("USD", "EUR", "usd", None) if not files else "USD",
            country_code=self.pick("US", "DEU", "Atlantis", None),
            customer_email=self.pick(None, "ann@example.com", "Cy@example.com"),
            customer_id=self.pick(None, "C1", "C2"),
            is_test=self.pick(True, False),
            shipping_amount=self.amount(),
            tax_amount=self.pick(None, "1"),
            ordered_at=self.instant(None),
            updated_at=self.instant(None),
            received_at=self.stored_at(),
        )
        for _ in range(self.dice.randint(0 if not files else 1, 3)):
            line = self.place()
            if files:
                line["file"] = place["file"]
            self.add(
                "staged_order_lines",
                **line,
                order_id=order_id if files else self.pick(*[order_id] * 9, unknown),
                version=version,
                line_number=self.dice.choice(NUMBERS),
                sku=self.pick("A", "B", ""),
                product_name=self.dice.choice(NAMES),
                category=self.dice.choice(NAMES),
                quantity=self.pick("1", "2", "-1"),
                unit_price=self.amount(),
                discount_amount=self.pick("0", "1"),
                currency=self.pick(None, "USD"),
                line_updated_at=self.pick(None, self.stored_at()),
            )

    def add_refund(self):
        order_id = self.id("O", 6)
        refund = self.place() | {
            "refund_id": f"{order_id}-{self.id('R')}",
            "order_id": order_id,
            "refunded_at": self.instant(None),
        }
        for _ in range(self.dice.randint(1, 2)):
            line_number = self.pick(None, *NUMBERS)
            unallocated = None if line_number else self.amount()
            self.add(
                "staged_refunds",
                **refund,
                line_number=line_number,
                sku=self.pick(None, "A", "B"),
                quantity=self.pick("0", "1"),
                merchandise_amount=self.pick("1", "5", "-4", None),
                tax_amount=self.amount("-9"),
                unallocated_amount=unallocated,
                reason=self.dice.choice(NAMES),
            )

    def add_payment(self):
        self.add(
            "staged_payments",
            **self.place(),
            payment_id=self.id("P"),
            order_id=self.id("O"),
            kind="charge",
            gateway=self.dice.choice(NAMES),
            currency=self.pick("USD", "EUR"),
            amount=self.amount(),
            processed_at=self.instant(None),
            received_at=self.pick(None, self.stored_at()),
        )

    def add_payout(self):
        days = self.dice.choice([0, 366])
        issued_on = READ_AT.date() + timedelta(days=days + self.dice.randint(0, 2))
        self.add(
            "staged_payouts",
            **self.place(),
            payout_id=self.id("Y", 2),
            issued_on=str(issued_on),
            currency="USD",
            amount=self.amount(),
            received_at=self.pick(None, self.stored_at()),
        )

    def add_master_data(self, number):
        self.add(
            "staged_products",
            sku=self.pick("A", "B"),
            name=self.pick("Cup", "Pot"),
            category=f"of source {self.number}",
            unit_cost=self.pick("1", "2"),
            updated_at=self.instant(),
        )
        self.add(
            "staged_customers",
            customer_id=self.id("C", 2) if self.number else f"C{number}",
            customer_email=self.pick(None, "cy@example.com"),
            country_code=self.pick("US", "GB"),
            updated_at=self.instant(),
        )
        self.add(
            "staged_rates",
            **self.place(),
            rate_date=str(DAY + timedelta(days=self.dice.randint(0, 4))),
            currency=self.pick("USD", "EUR"),
            rate=self.amount(),
        )
        self.add("staged_rejects", **self.place(), reason="odd", detail="sku = 1")
        self.add(
            "staged_rejected_amounts", file="one", currency="USD", amount=self.number
        )

    def add_kept_order(self, order_id):
        stored = {
            "source": self.source,
            "order_id": order_id,
            "business_date": DAY,
            "channel": "stored",
            "status": "completed",
            "currency": "USD",
            "is_sale": True,
            "is_test": False,
            "gross_amount": self.number + 1,
            "discount_amount": 0,
            "tax_amount": 0,
            "updated_at": self.stored_at(),
            "read_at": self.stored_at(),
            "run_id": "earlier",
        }
        amounts = {"shipping_amount": 0, "fee_amount": 0, "item_count": 1}
        self.add("kept_orders", **stored, **amounts)
        line = {"line_number": 1, "sku": "A", "quantity": 1, "cost_amount": 1}
        self.add("kept_order_lines", **stored, **line)

    def add_file(self, file):
        self.add(
            "staged_files",
            file=file,
            sha256=str(self.number),
            received_at=READ_AT,
            rows_read=self.dice.randint(1, 99),
            source_amount=self.number,
            warnings=["late"],
        )
        self.add(
            "staged_column_names",
            file=file,
            name=self.pick("quantity", "unit_price"),
            file_name=f"Column {self.number}",
        )

    def count(self, files):
        """How many records the accounts must have."""
        refunds = {row["row_number"] for row in self.tables["staged_refunds"]}
        counted = [
            "staged_order_lines",
            "staged_payments",
            "staged_payouts",
            "staged_rates",
            "staged_rejects",
            "kept_order_lines",
        ]
        if not files:
            counted += ["staged_orders", "kept_orders"]
        return len(refunds) + sum(len(self.tables[name]) for name in counted)


def mapping(files):
    """The SQL file that maps the Parquet files of several sources."""
    is_headed = not files
    statements = [
        f"SET VARIABLE headers_are_records = {is_headed}",
        f"SET VARIABLE versions_by_updated_at = {files}",
        f"SET VARIABLE files_are_deliveries = {files}",
    ]
    for table in TABLES:
        columns = "* EXCLUDE (filename)"
        if not table.startswith("kept"):
            columns += ", source_in(parse_dirpath(filename)) AS source"
        if table in ("staged_orders", "staged_order_lines"):
            columns = f"* REPLACE (version_of_source(source, version) AS version) FROM (SELECT {columns}"
        view = (
            f"CREATE OR REPLACE VIEW {table} AS SELECT {columns} "
            f"FROM read_parquet(raw_files('/{table}.parquet'), filename = TRUE)"
        )
        statements.append(view + ")" * view.count("(SELECT"))
    return ";\n".join(statements) + ";\n"


@pytest.fixture
def joint_mapping(monkeypatch, tmp_path):
    """Add the mappings `headers` and `files`."""
    folder = tmp_path / "sql"
    shutil.copytree(run.FOLDER, folder)
    for name in ("headers", "files"):
        (folder / f"orders/{name}.sql").write_text(mapping(name == "files"))
    monkeypatch.setattr(run, "FOLDER", folder)


def publish(root, records):
    """The raw folder of a source; those of a test are read after each other."""
    uri = f"{root}/{records.source}"
    read_at = READ_AT + records.number * BETWEEN_READS * HOUR
    totals = {"warnings": []}
    if records.number != 1:
        amounts = [{"file": "one", "currency": "USD", "amount": str(records.number)}]
        totals |= {"source_amounts": amounts, "rejected_amounts": amounts}
    with staging.publish(uri) as draft:
        write_tables(draft.path, TABLES, records.tables)
        draft.seal(
            source=records.source,
            business_date=DAY,
            rows=0,
            columns={},
            read_at=read_at,
            window_start=READ_AT,
            window_end=read_at,
            control_totals=totals,
        )
    return staging.read_manifest(uri)


def result(manifest):
    """What a loadable folder has, but for its files' order of rows."""
    loadable = read(manifest)
    tables = {}
    for name, rows in loadable.tables.items():
        tables[name] = sorted(rows, key=repr)
    kept = ("columns", "rows", "control_totals")
    facts = {name: getattr(manifest, name) for name in kept}
    facts["control_totals"] = dict(facts["control_totals"])
    del facts["control_totals"]["raw_sha256"]
    return tables, facts | manifest.facts()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", ["headers", "files"])
def test_sources_get_the_same_rows_together_and_alone(
    seed, kind, joint_mapping, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    dice = Random(seed)
    transform = partial(run.run_transform, ORDERS, run_id=RUN_ID, mapping=kind)
    together = []
    expected = []
    while len(together) < SOURCES:
        number = len(together)
        records = Records(dice, f"shop_{number}", number)
        records.fill(kind == "files")
        # A few random sources break the contract.
        with suppress(ContractError):
            expected.append(
                result(transform(publish(f"file://{tmp_path}/alone", records)))
            )
            together.append(publish(f"file://{tmp_path}/together", records))
    assert transformed_together(together, kind) == expected
    assert "alone" not in caplog.text


def transformed_together(manifests, kind):
    spec = replace(ORDERS, joint_mappings=[kind])
    joint = run.run_transforms(spec, manifests, RUN_ID, kind)
    return [result(manifest) for manifest in joint]


AT = READ_AT.isoformat()
PARTS = [
    {"customer_id": "C1", "tax_amount": "2", "shipping_amount": "3"},
    {"customer_email": "ann@example.com", "shipping_amount": "5"},
]
"""Of an order for 10.00 in two sources. The first one lists the customer."""


def test_refunds_and_customers_with_equal_ids_in_two_sources(joint_mapping, tmp_path):
    """Two refunds without lines take merchandise, then tax, then shipping of their own order; a customer that
    one source lists has the country of the list there, and that of the order in the other one."""
    expected = []
    together = []
    for number, parts in enumerate(PARTS):
        records = Records(None, f"shop_{number}", number)
        order = {"order_id": "O1", "version": 1, "file": "one", "currency": "USD"}
        records.add(
            "staged_orders",
            **order,
            **parts,
            row_number=1,
            status="completed",
            country_code="GB",
            is_test=False,
            ordered_at=AT,
            updated_at=AT,
        )
        records.add(
            "staged_order_lines",
            **order,
            row_number=2,
            line_number="1",
            sku="A",
            quantity="1",
            unit_price="10",
        )
        for row_number, amount in enumerate(("11", "4"), 3):
            records.add(
                "staged_refunds",
                order_id="O1",
                refund_id=f"R{row_number}",
                file="one",
                row_number=row_number,
                unallocated_amount=amount,
                refunded_at=AT,
            )
        if number == 0:
            records.add(
                "staged_customers",
                customer_id="C1",
                customer_email="ann@example.com",
                country_code="US",
                updated_at=(READ_AT - HOUR).isoformat(),
            )
        records.add("staged_rows_read", rows_read=records.count(files=False))
        alone = publish(f"file://{tmp_path}/alone", records)
        loadable = run.run_transform(ORDERS, alone, run_id=RUN_ID, mapping="headers")
        expected.append(result(loadable))
        together.append(publish(f"file://{tmp_path}/together", records))
    for (tables, _), country, tax in zip(expected, ("US", "GB"), (2, 0), strict=True):
        assert column_of(tables["customers"], "country_code") == [country]
        assert sum(column_of(tables["refunds"], "tax_amount")) == tax
    assert transformed_together(together, "headers") == expected
