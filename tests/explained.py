"""Whether the report can say what a warning of an extract or a transform means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable

from ecommerce.sales.report.figures.warnings import Remark


def unexplained(warnings: Iterable[str]) -> list[str]:
    """Those of `warnings` that the report would show without a meaning or an action."""
    remarks = [Remark.model_validate(each) for each in warnings]
    return [each.found for each in remarks if not (each.meaning and each.action)]
