"""No address of a customer and no token leaves the extract and the transform of a Shopify shop."""

import json
import logging
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from demo.services.shopify import (
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN,
    DiscountFacts,
    Fault,
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    build_order,
)
from ecommerce.core import errors
from ecommerce.sources import shopify
from tests.integration.shopify.reading import (
    NOON,
    Loadable,
    connect,
    simulated,
    window_in,
)

ADDRESS = "ann.secret@example.com"
FORBIDDEN = (ADDRESS, ADDRESS.upper(), TOKEN, CLIENT_SECRET)
TEXT = f"ask {ADDRESS}"


def careless(number: int, price: str = "10.0") -> dict:
    """An order with an address wherever people write."""
    line = LineFacts(
        ADDRESS,
        Decimal(10),
        title=TEXT,
        product_type=TEXT,
        discounts=[DiscountFacts(Decimal(1), TEXT)],
    )
    refund = RefundFacts(NOON, [RefundLineFacts(0)], note=TEXT)
    built = build_order(
        OrderFacts(
            number,
            NOON,
            [line],
            refunds=[refund],
            email=ADDRESS,
            customer_id=7,
            source_name=TEXT,
            tags=[TEXT],
            attributes={"note": TEXT},
        )
    )
    built["lineItems"][0]["originalTotalSet"]["shopMoney"]["amount"] = price
    built["totalTaxSet"]["shopMoney"]["amount"] = "0.0" if price == "10.0" else TEXT
    return built


def test_rows_rejects_manifests_and_logs(
    serve, tmp_path: Path, monkeypatch, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ORDER_ATTRIBUTES", "tags,note,email")
    serve(careless(1), careless(2, price=TEXT))
    loaded = Loadable(window_in(tmp_path))
    assert len(loaded.rows("rejected_rows")) >= 2
    assert loaded.rows("orders")[0]["customer_hash"]
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [
        file for file in files if file.suffix == ".json" and "orders" in file.parts
    ]
    texts = [caplog.text, repr(loaded.raw), repr(loaded.done)]
    for file in files:
        text = (
            json.dumps(pq.read_table(file).to_pylist(), default=str)
            if file.suffix == ".parquet"
            else file.read_text()
        )
        texts.append(text)
    assert any("<e-mail>" in text for text in texts)
    assert [word for word in FORBIDDEN for text in texts if word in text] == []


QUOTING = json.dumps({"errors": TEXT}).encode()
FAULTS = {
    "malformed request": Fault(status=400, body=QUOTING),
    "forbidden": Fault(status=403, body=QUOTING),
    "no JSON": Fault(
        "OrdersById", rewrite=lambda body: f"<p>{TEXT}</p>".encode(), times=99
    ),
    "an error": Fault("OrdersById", error={"message": TEXT, "path": ["nodes"]}),
    "an internal error": Fault(
        "OrdersById",
        error={
            "message": TEXT,
            "path": ["nodes"],
            "extensions": {"code": "INTERNAL_SERVER_ERROR"},
        },
        times=99,
    ),
    "cut off": Fault("OrdersById", cut=True, times=99),
}


@pytest.mark.parametrize("name", FAULTS)
def test_messages_of_failures(
    name: str, serve, tmp_path: Path, monkeypatch, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    shop = serve(careless(1))
    simulated(monkeypatch, shop)
    shop.faults.append(replace(FAULTS[name]))
    with pytest.raises(errors.PipelineError) as failure:
        shopify.extract(window_in(tmp_path))
    texts = (str(failure.value), caplog.text)
    assert [word for word in FORBIDDEN for text in texts if word in text] == []
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_secret_is_not_quoted(
    status: int, serve, tmp_path: Path, monkeypatch, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    shop = serve(careless(1))
    connect(monkeypatch, shop, login=CLIENT_ID, password=CLIENT_SECRET)
    shop.faults.append(
        Fault("access_token", status=status, body=f"{CLIENT_SECRET} is wrong".encode())
    )
    with pytest.raises(errors.CredentialsError) as failure:
        shopify.extract(window_in(tmp_path))
    assert CLIENT_SECRET not in str(failure.value) + caplog.text
