"""Authentication of the REST API v3: Basic over HTTPS."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import parse_qsl

from demo.services.storefront.query import RestError

_FAILED = "woocommerce_rest_authentication_error"


@dataclass(frozen=True)
class Keys:
    """A key of the shop, read-only.

    `https` is the scheme that the server assumes for itself: HTTPS behind a proxy that ends TLS, although
    their connection is plain http. Without HTTPS, WooCommerce ignores keys sent in clear.
    """

    key: str
    secret: str
    https: bool = True

    def check(self, method: str, target: str, authorization: str) -> None:
        """Authenticate a request.

        Args:
            method: GET, …
            target: path and query of the request line.
            authorization: the `Authorization` header, or an empty string.

        Raises:
            RestError: 401, with WooCommerce's error code.
        """
        query = target.partition("?")[2]
        if not self.https:
            raise RestError(
                401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."
            )
        self._check_secret(
            *(_basic(authorization) or _in_query(dict(parse_qsl(query))))
        )
        if method != "GET":
            raise RestError(
                401, _FAILED, "The API key provided does not have write permissions."
            )

    def _check_secret(self, key: str, secret: str) -> None:
        if key != self.key:
            raise RestError(
                401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."
            )
        if secret != self.secret:
            raise RestError(401, _FAILED, "Consumer secret is invalid.")


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key, secret


def _in_query(parameters: dict[str, str]) -> tuple[str, str]:
    return parameters.get("consumer_key", ""), parameters.get("consumer_secret", "")
