"""Who is to be forgotten is found under the hash that the transform gave."""

import hashlib
import hmac

import duckdb
import pytest

from ecommerce.core.paths import INCLUDE
from ecommerce.sales.erasure import customer_hash

KEY = "0123456789abcdef"


def transformed(email, customer_id):
    """The hash of the transform's own `customer_key`."""
    text = (INCLUDE / "sql/transform/orders/10_customer_hashes.sql").read_text()
    macro = text[text.index("CREATE MACRO customer_key") : text.index("END;")] + "END"
    with duckdb.connect() as duck:
        duck.execute(macro)
        ((identity,),) = duck.execute(
            "SELECT customer_key($1, 'sales_db', $2)", [email, customer_id]
        ).fetchall()
    return hmac.new(KEY.encode(), identity.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    "address", ["Ann@Example.com", " ann@example.com\n", "İPEK@x.com", "ΝΙΚΟΣ@x.gr"]
)
def test_an_address_is_found_however_it_is_written(address):
    assert customer_hash(address, KEY) == transformed(address, "7")


@pytest.mark.parametrize("customer_id", ["C-17", "Ann@Example.com"])
def test_a_customer_without_address_is_found_by_source_and_id(customer_id):
    assert customer_hash(f"sales_db:{customer_id}", KEY) == transformed(
        None, customer_id
    )
