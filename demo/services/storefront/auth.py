"""Authentication of the REST API v3: Basic over HTTPS, OAuth 1.0a over plain http."""

import base64
import binascii
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from demo.services.storefront.query import RestError

_FAILED = "woocommerce_rest_authentication_error"
_FIFTEEN_MINUTES = 900


@dataclass(frozen=True)
class Keys:
    """A key of the shop, read-only unless `writes`.

    `https` is the scheme that the server assumes for itself: HTTPS behind a proxy that ends TLS, although
    their connection is plain http. Without HTTPS, WooCommerce ignores keys sent in clear.
    """

    key: str
    secret: str
    https: bool = True
    writes: bool = False

    def check(self, method: str, host: str, target: str, authorization: str) -> None:
        """Authenticate a request.

        Args:
            method: GET, …
            host: the `Host` header.
            target: path and query of the request line.
            authorization: the `Authorization` header, or an empty string.

        Raises:
            RestError: 401, with WooCommerce's error code.
        """
        path, _, query = target.partition("?")
        oauth = dict(re.findall(r'(oauth_\w+)="([^"]*)"', authorization))
        oauth = {name: unquote(value) for name, value in oauth.items()}
        parameters = parse_qsl(query, keep_blank_values=True)
        oauth |= {name: value for name, value in parameters if name.startswith("oauth_")}
        if oauth:
            plain = [(name, value) for name, value in parameters if not name.startswith("oauth_")]
            url = f"{'https' if self.https else 'http'}://{host}{path}"
            self._check_signature(f"{method}&{quote(url, safe='')}", plain, oauth)
        elif not self.https:
            raise RestError(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        else:
            self._check_secret(*(_basic(authorization) or _in_query(dict(parameters))))
        if method != "GET" and not self.writes:
            raise RestError(401, _FAILED, "The API key provided does not have write permissions.")

    def _check_secret(self, key: str, secret: str) -> None:
        if key != self.key:
            raise RestError(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        if secret != self.secret:
            raise RestError(401, _FAILED, "Consumer secret is invalid.")

    def _check_signature(self, begin: str, plain: list[tuple[str, str]], oauth: dict[str, str]) -> None:
        if oauth.get("oauth_consumer_key") != self.key:
            raise RestError(401, _FAILED, "Consumer key is invalid.")
        signature = oauth.pop("oauth_signature", "")
        pairs = sorted(
            (quote(name, safe="~"), quote(value, safe="~")) for name, value in [*plain, *oauth.items()]
        )
        base = f"{begin}&{quote('&'.join(f'{name}={value}' for name, value in pairs), safe='~')}"
        digest = hmac.new(f"{self.secret}&".encode(), base.encode(), hashlib.sha256).digest()
        is_sha256 = oauth.get("oauth_signature_method") == "HMAC-SHA256"
        if not is_sha256 or not hmac.compare_digest(base64.b64encode(digest), signature.encode()):
            raise RestError(401, _FAILED, "Invalid signature - provided signature does not match.")
        if abs(time.time() - float(oauth.get("oauth_timestamp", "0"))) > _FIFTEEN_MINUTES:
            raise RestError(401, _FAILED, "Invalid timestamp.")


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
