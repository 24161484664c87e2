"""Differences between WooCommerce versions: modified dates, listed orders, date filters."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from demo.services.storefront.store import WooOrder, WooRefund

_ALWAYS = frozenset({"status", "customer_note", "trash"})


@dataclass(frozen=True)
class Version:
    """A WooCommerce version.

    Attributes:
        name: the version that responses contain.
        hpos: orders have their own tables, with UTC dates; otherwise they are WordPress posts, which are
            filtered and sorted by local date.
        bumps: the kinds of change that update an order's modified date.
        any_has_drafts: `status=any` includes `checkout-draft`.
        global_refunds: it has the route `/refunds`.
    """

    name: str
    hpos: bool
    bumps: frozenset[str]
    any_has_drafts: bool
    global_refunds: bool

    def modified(self, order: WooOrder, zone: ZoneInfo) -> datetime | None:
        """Return the order's modified date in UTC and full seconds, or None for a draft without date."""
        moments = [at for at, kind in order.changes if kind in self.bumps]
        if order.created_at:
            moments.append(order.created_at)
        if "refund" in self.bumps:
            moments += [refund.created_at for refund in order.refunds]
        if not moments:
            return None
        last = max(moments).astimezone(UTC).replace(microsecond=0)
        if self.hpos:
            # HPOS stores the local time: in the repeated hour, the date read back is an hour early.
            last = (
                last.astimezone(zone)
                .replace(tzinfo=None)
                .replace(tzinfo=zone, fold=0)
                .astimezone(UTC)
            )
        return last

    def refunds(self, order: WooOrder) -> list[WooRefund]:
        """Return the order's refunds that are left, newest first; posts are trashed with their order."""
        if order.status == "trash" and not self.hpos:
            return []
        present = [refund for refund in order.refunds if not refund.deleted]
        return sorted(
            present, key=lambda refund: (refund.created_at, refund.id), reverse=True
        )


V66 = Version("6.6.0", False, _ALWAYS, any_has_drafts=True, global_refunds=False)
V11 = Version(
    "11.0.1",
    True,
    _ALWAYS | {"refund", "line", "meta", "touch"},
    False,
    global_refunds=True,
)
V11C = replace(V11, hpos=False, bumps=_ALWAYS | {"refund"})
VERSIONS = {"66": V66, "11": V11, "11c": V11C}
"""6.6.0; 11.0.1 with its own order tables (HPOS); 11.0.1 on posts."""
