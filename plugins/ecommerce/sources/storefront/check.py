"""`make check` of the storefront: can it be read, does it date changes, may the key write."""

from __future__ import annotations

from ecommerce.core import errors
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.sources.storefront.client import NotFoundError, StorefrontClient


def check() -> Lines:
    """Read a page, and test the key's permissions, by a change of order 0, which does not exist.

    Raises:
        ConfigurationError: the shop has plain permalinks, and so no address for its API.
        PipelineError: as `StorefrontClient.get`.
    """
    client = StorefrontClient.connect()
    try:
        page = client.get("/orders")
    except NotFoundError as error:
        if client.has_plain_permalinks():
            raise errors.ConfigurationError(
                "storefront_api: the shop has plain permalinks, with which its API has no address: choose "
                "another kind in WordPress, Settings, Permalinks"
            ) from None
        raise error
    yield OK, f"{'some' if page.total is None else page.total} orders can be read"
    if client.is_unencrypted:
        yield HINT, "orders and addresses travel without encryption: let the host begin with https://"
    if client.may_write():
        yield HINT, "reading is enough, but the key may write: make one with the permission Read"
    yield from _dated_changes(client)


def _dated_changes(client: StorefrontClient) -> Lines:
    try:
        client.get("/refunds")
    except NotFoundError:
        yield (
            HINT,
            "the server has no list of all refunds (older WooCommerce): each order is asked for its own",
        )
    dated = client.dates_all_changes()
    if dated is None:
        yield HINT, "whether the server dates all changes is not known: the key may not read /system_status"
    elif not dated:
        yield (
            HINT,
            "the server keeps orders as posts, and dates neither edited lines nor, in older versions, "
            "refunds: orders of the last REFUND_LOOKBACK_DAYS are read again, reconciliation finds others",
        )
