"""Whom the storefront's stand-in lets in: as real servers were measured to."""

import requests

from demo.services.storefront import KEY, SECRET, Storefront, WooStore


def test_keys_sent_openly_are_taken_over_https_only() -> None:
    def code(response: requests.Response) -> tuple[int, str]:
        return response.status_code, response.json()["code"]

    with Storefront(WooStore()) as shop:
        url = f"{shop.url}/wp-json/wc/v3/orders"
        assert requests.get(url, auth=(KEY, SECRET), timeout=10).status_code == 200
        in_query = {"consumer_key": KEY, "consumer_secret": SECRET, "page": "2"}
        echoed = requests.get(url, params=in_query, timeout=10)
        assert SECRET in echoed.headers["Link"]
        wrong = requests.get(url, auth=(KEY, "cs_wrong"), timeout=10)
        assert code(wrong) == (401, "woocommerce_rest_authentication_error")
        assert wrong.json()["message"] == "Consumer secret is invalid."
        assert code(requests.get(url, auth=("ck_x", SECRET), timeout=10)) == (
            401,
            "woocommerce_rest_cannot_view",
        )
        assert code(requests.get(url, timeout=10)) == (
            401,
            "woocommerce_rest_cannot_view",
        )
        written = requests.post(url, auth=(KEY, SECRET), json={}, timeout=10)
        assert code(written) == (401, "woocommerce_rest_authentication_error")
    with Storefront(WooStore(), https_only=True) as shop:
        url = f"{shop.url}/wp-json/wc/v3/orders"
        assert code(requests.get(url, auth=(KEY, SECRET), timeout=10)) == (
            401,
            "woocommerce_rest_cannot_view",
        )
