"""Query parameters of the REST API v3: validation, filters, sort order and pagination."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from demo.services.storefront.render import local
from demo.services.storefront.store import WooOrder, WooRefund
from demo.services.storefront.versions import Version

ORDER_BY = ("date", "id", "include", "title", "slug", "modified")
_SALES = (
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
)
STATUSES = frozenset(("any", "trash", "checkout-draft", "auto-draft", *_SALES))
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:?\d\d)?")
_BOUNDS = ("after", "before", "modified_after", "modified_before")
_Item = TypeVar("_Item")


class RestError(Exception):
    """An error response in WordPress's layout."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "code": code,
            "message": message,
            "data": {"status": status, **data},
        }


def invalid(name: str, message: str, code: str = "rest_invalid_param") -> RestError:
    """Return WordPress's error for an invalid parameter."""
    details = {name: {"code": code, "message": message, "data": None}}
    return RestError(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {name}",
        params={name: message},
        details=details,
    )


@dataclass(frozen=True)
class Dates:
    """The naive dates of an order or refund, in UTC and in the site's timezone; None where it has no date."""

    created: datetime | None
    created_local: datetime | None
    modified: datetime | None = None
    modified_local: datetime | None = None


def dates_of(item: WooOrder | WooRefund, version: Version, zone: ZoneInfo) -> Dates:
    """Return the dates that filters and sort orders use."""
    modified = (
        version.modified(item, zone) if isinstance(item, WooOrder) else item.created_at
    )
    return Dates(
        *(_utc(item.created_at), item.created_at and local(item.created_at, zone)),
        *(_utc(modified), modified and local(modified, zone)),
    )


@dataclass(frozen=True)
class ListQuery:
    """The validated parameters of one request."""

    version: Version
    zone: ZoneInfo
    page: int
    per_page: int
    order_by: str
    descending: bool
    statuses: frozenset[str]
    include: tuple[int, ...]
    bounds: tuple[tuple[str, datetime], ...]
    gmt: bool
    dp: int
    fields: frozenset[str]

    @classmethod
    def parse(
        cls,
        values: dict[str, list[str]],
        version: Version,
        zone: ZoneInfo,
        plugin_statuses: Iterable[str] = (),
    ) -> ListQuery:
        """Validate the query string of a request.

        Args:
            values: the parameters, as `parse_qs` returns them.
            version: the version of WooCommerce.
            zone: the site's timezone.
            plugin_statuses: further valid statuses.

        Raises:
            RestError: 400, with WordPress's error code.
        """

        def one(name: str, default: str) -> str:
            return values.get(name, [default])[-1]

        order_by, order = one("orderby", "date"), one("order", "desc")
        if order_by not in ORDER_BY:
            raise invalid(
                "orderby",
                f"orderby is not one of {', '.join(ORDER_BY)}.",
                "rest_not_in_enum",
            )
        if order not in ("asc", "desc"):
            raise invalid(
                "order", "order is not one of asc and desc.", "rest_not_in_enum"
            )
        statuses = frozenset(_list(values, "status") or ["any"])
        if statuses - STATUSES - (frozenset(plugin_statuses) - {"draft"}):
            raise invalid(
                "status",
                f"status[0] is not one of {', '.join(sorted(STATUSES))}.",
                "rest_not_in_enum",
            )
        gmt = one("dates_are_gmt", "false") in ("true", "1")
        bounds = tuple(
            (name, _bound(name, one(name, ""), gmt, version, zone))
            for name in _BOUNDS
            if name in values
        )
        return cls(
            version=version,
            zone=zone,
            page=_integer("page", one("page", "1"), 1, None),
            per_page=_integer("per_page", one("per_page", "10"), 1, 100),
            order_by=order_by,
            descending=order == "desc",
            statuses=statuses,
            include=tuple(
                int(text) for text in _list(values, "include") if text.isdigit()
            ),
            bounds=bounds,
            gmt=gmt,
            dp=_integer("dp", one("dp", "2"), 0, None),
            fields=frozenset(_list(values, "_fields")),
        )

    def matches_status(self, status: str) -> bool:
        """Whether an order of `status` matches the filter; `any` overrides the other values."""
        if "any" in self.statuses:
            hidden = {"trash", "auto-draft"} | (
                set() if self.version.any_has_drafts else {"checkout-draft"}
            )
            return status not in hidden
        return status in self.statuses

    def matches_dates(self, dates: Dates) -> bool:
        """Whether the dates lie within all bounds (exclusive)."""
        for name, bound in self.bounds:
            value = self._column(
                dates, "modified" if name.startswith("modified") else "created"
            )
            if value is None or not (
                value > bound if name.endswith("after") else value < bound
            ):
                return False
        return True

    def sort_key(self, item_id: int, dates: Dates) -> tuple[Any, ...]:
        """Return the sort key; posts sort by local dates, which are ambiguous where the clocks go back."""
        if self.order_by in ("date", "modified"):
            column = "created" if self.order_by == "date" else "modified"
            value = getattr(dates, column if self.version.hpos else f"{column}_local")
            return (value or datetime.min, item_id)  # noqa: DTZ901 - both are without a zone
        if self.order_by == "include" and item_id in self.include:
            return (self.include.index(item_id),)
        return (item_id,)

    def paginate(self, items: list[_Item]) -> tuple[list[_Item], int, int]:
        """Return the page's items, the total and the number of pages (both 0 past the end, with HPOS)."""
        start = (self.page - 1) * self.per_page
        page = items[start : start + self.per_page]
        if not page and self.version.hpos:
            return page, 0, 0
        return page, len(items), -(-len(items) // self.per_page)

    def _column(self, dates: Dates, name: str) -> datetime | None:
        in_utc = self.gmt or self.version.hpos
        value: datetime | None = getattr(dates, name if in_utc else f"{name}_local")
        return value


def _bound(
    name: str, text: str, gmt: bool, version: Version, zone: ZoneInfo
) -> datetime:
    match = _INSTANT.fullmatch(text)
    try:
        value = datetime.fromisoformat(text) if match else None
    except ValueError:
        value = None
    if value is None:
        raise invalid(name, "Invalid date.")
    wall_clock = value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value
    if gmt or not version.hpos:
        # Like WooCommerce, with `dates_are_gmt` and an explicit offset: compares local time with UTC.
        return wall_clock
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC).replace(tzinfo=None)


def _integer(name: str, text: str, lowest: int, highest: int | None) -> int:
    if not re.fullmatch(r"-?\d+", text):
        raise invalid(name, f"{name} is not of type integer.", "rest_invalid_type")
    value = int(text)
    if highest and not lowest <= value <= highest:
        raise invalid(
            name,
            f"{name} must be between {lowest} (inclusive) and {highest} (inclusive)",
            "rest_out_of_bounds",
        )
    if value < lowest:
        raise invalid(
            name,
            f"{name} must be greater than or equal to {lowest}",
            "rest_out_of_bounds",
        )
    return value


def _list(values: dict[str, list[str]], name: str) -> list[str]:
    """Return a list parameter: `name=a,b`, `name[]=a&name[]=b` and `name[0]=a` are equivalent."""
    lists = (
        texts for key, texts in values.items() if re.sub(r"\[\d*\]$", "", key) == name
    )
    return [
        item.strip()
        for texts in lists
        for text in texts
        for item in text.split(",")
        if item.strip()
    ]


def _utc(moment: datetime | None) -> datetime | None:
    return (
        moment.astimezone(UTC).replace(tzinfo=None, microsecond=0) if moment else None
    )
