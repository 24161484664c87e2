"""No address of a customer and no token leaves the extract and the transform of a Shopify shop."""

import json
import logging

import pyarrow.parquet as pq

from demo.services.shopify import (
    CLIENT_SECRET,
    TOKEN,
    OrderFacts,
    PayoutFacts,
    build_order,
)
from tests.integration.shopify.orders import line, off, refund, unit
from tests.integration.shopify.reading import (
    NOON,
    Loadable,
)

ADDRESS = "ann.secret@example.com"
FORBIDDEN = (ADDRESS, ADDRESS.upper(), TOKEN, CLIENT_SECRET)
TEXT = f"ask {ADDRESS}"


def careless(number, amount="10.0"):
    """An order with an address wherever people write, and `amount` as its price and tax."""
    item = line(
        "10",
        sku=ADDRESS,
        title=TEXT,
        product_type=TEXT,
    )
    item.discounts = [off("1", code=TEXT)]
    built = build_order(
        OrderFacts(
            number,
            NOON,
            [item],
            refunds=[refund(unit(), note=TEXT)],
            email=ADDRESS,
            customer_id=7,
            source_name=TEXT,
            gateway=TEXT,
            tags=[TEXT],
            attributes={"note": TEXT},
        )
    )
    built["lineItems"][0]["originalTotalSet"]["shopMoney"]["amount"] = amount
    built["totalTaxSet"]["shopMoney"]["amount"] = amount
    built["transactions"][0]["amountSet"]["shopMoney"]["amount"] = amount
    return built


def leaks(*texts):
    """The forbidden words that texts have."""
    return [word for word in FORBIDDEN if any(word in text for text in texts)]


def test_rows_rejects_manifests_and_logs(
    serve,
    tmp_path,
    monkeypatch,
    caplog,
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ORDER_ATTRIBUTES", "tags,note,email")
    payout = PayoutFacts(7, NOON, trace_id=TEXT)
    serve(
        careless(1),
        careless(2, amount=TEXT),
        payouts=[payout],
    )
    loaded = Loadable(tmp_path)
    assert len(loaded.rows("rejected_rows")) >= 3
    assert loaded.rows("payments")
    assert loaded.rows("payouts")
    assert loaded.rows("orders")[0]["customer_hash"]
    texts = [
        caplog.text,
        repr(loaded.raw),
        repr(loaded.done),
    ]
    for file in tmp_path.rglob("*"):
        if file.suffix == ".parquet":
            texts.append(
                json.dumps(
                    pq.read_table(file).to_pylist(),
                    default=str,
                )
            )
        elif file.is_file():
            texts.append(file.read_text())
        assert not (file.suffix == ".json" and "orders" in file.parts), "raw answers"
    assert any("<e-mail>" in text for text in texts)
    assert leaks(*texts) == []
