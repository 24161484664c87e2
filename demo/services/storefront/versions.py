"""Differences between WooCommerce versions: modified dates, listed orders, refunds in the trash."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from demo.services.storefront.store import WooOrder, WooRefund


@dataclass(frozen=True)
class Version:
    """A WooCommerce version.

    Attributes:
        hpos: orders have their own tables; otherwise they are WordPress posts.
        dates_refunds: a refund updates an order's modified date.
        dates_lines: an edited line does so too.
        any_has_drafts: `status=any` includes `checkout-draft`.
    """

    hpos: bool
    dates_refunds: bool
    dates_lines: bool
    any_has_drafts: bool

    def modified(self, order: WooOrder, zone: ZoneInfo) -> datetime | None:
        """Return the order's modified date in UTC and full seconds, or None for a draft without date."""
        instants = []
        if order.created_at:
            instants.append(order.created_at)
        for changed_at, kind in order.changes:
            if kind == "status" or self.dates_lines:
                instants.append(changed_at)
        if self.dates_refunds:
            for refund in order.refunds:
                instants.append(refund.created_at)
        if not instants:
            return None
        last = max(instants).astimezone(UTC).replace(microsecond=0)
        if self.hpos:
            # HPOS stores the local time: in the repeated hour, the date read back is an hour early.
            wall_clock = last.astimezone(zone).replace(tzinfo=None)
            last = wall_clock.replace(tzinfo=zone, fold=0).astimezone(UTC)
        return last

    def refunds(self, order: WooOrder) -> list[WooRefund]:
        """Return the order's refunds that are left; posts are trashed with their order."""
        if order.status == "trash" and not self.hpos:
            return []
        return [refund for refund in order.refunds if not refund.deleted]


VERSIONS = {
    "66": Version(
        hpos=False,
        dates_refunds=False,
        dates_lines=False,
        any_has_drafts=True,
    ),
    "11": Version(
        hpos=True,
        dates_refunds=True,
        dates_lines=True,
        any_has_drafts=False,
    ),
    "11c": Version(
        hpos=False,
        dates_refunds=True,
        dates_lines=False,
        any_has_drafts=False,
    ),
}
"""6.6.0; 11.0.1 with its own order tables (HPOS); 11.0.1 on posts."""
