"""The stand-in over HTTP: versions, tokens, and its run as a program."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from demo.services.ports import free_port, wait_for
from demo.services.shopify import (
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN,
    ShopifyStore,
)
from tests.unit.demo.shopify_shop import make_orders, make_shop

GRANT = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}


def post(
    url: str,
    headers: Mapping[str, str],
    version: str = "2026-07",
    query: str = "{ shop { name } }",
) -> requests.Response:
    return requests.post(
        f"{url}/admin/api/{version}/graphql.json",
        json={"query": query},
        headers=headers,
        timeout=10,
    )


def with_token(token: Any = TOKEN) -> dict[str, str]:
    return {"X-Shopify-Access-Token": token}


def test_an_expired_version_is_answered_by_the_oldest_live_one() -> None:
    with make_shop([]) as shop:
        answer = post(shop.url, with_token())
        assert answer.json()["data"] == {"shop": {"name": "Demo"}}
        assert answer.headers["X-Shopify-API-Version"] == "2026-07"
        shop.versions = ("2026-10", "2027-01")
        answer = post(shop.url, with_token())
        assert answer.headers["X-Shopify-API-Version"] == "2026-10"
        assert post(shop.url, with_token(), version="2031-01").status_code == 404


def test_only_the_bare_token_is_accepted_and_one_of_a_grant_expires() -> None:
    with make_shop([]) as shop:
        assert post(shop.url, with_token("shpat_other")).status_code == 401
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert post(shop.url, bearer).status_code == 401
        url = f"{shop.url}/admin/oauth/access_token"
        grant = requests.post(url, data=GRANT, timeout=10).json()
        assert grant["expires_in"] == 86399
        assert post(shop.url, with_token(grant["access_token"])).ok
        shop.store.clock.advance(86399)
        expired = post(shop.url, with_token(grant["access_token"]))
        assert expired.status_code == 401
        wrong = GRANT | {"client_secret": "wrong"}
        assert requests.post(url, json=wrong, timeout=10).status_code == 401


def test_the_shop_runs_as_a_program_and_notices_a_new_file(tmp_path: Path) -> None:
    file, port = tmp_path / "shop.jsonl", free_port()
    ShopifyStore(make_orders(1)).save(file)
    command = [sys.executable, "-m", "demo.services.shopify", "--port", str(port)]
    options = ["--data", str(file), "--timezone", "Asia/Tokyo"]
    process = subprocess.Popen([*command, *options])
    try:
        wait_for(port, process=process)
        query = "{ shop { ianaTimezone } ordersCount { count } }"
        for count in (1, 2):
            ShopifyStore(make_orders(count)).save(file)
            answer = post(f"http://127.0.0.1:{port}", with_token(), query=query)
            assert answer.json()["data"] == {
                "shop": {"ianaTimezone": "Asia/Tokyo"},
                "ordersCount": {"count": count},
            }
    finally:
        process.terminate()
        process.wait()
