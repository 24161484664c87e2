"""What a dry run foresees is what a load does, and both say where the rejected rows are."""

import logging
from typing import Any

import pytest

from ecommerce.core.errors import ContractError
from ecommerce.sales.history import tasks
from ecommerce.storage.staging import exists
from ecommerce.storage.xcom import to_xcom
from tests.unit.sales.history.export import Export, line, text

ORDERS = [
    line("A", ordered_at="2024-01-05T15:00:00Z", quantity="2", unit_price="10.50"),
    line("B", ordered_at="2024-01-06T15:00:00Z", quantity="-1", unit_price="10.50"),
    line(
        "C",
        ordered_at="2024-02-06T15:00:00Z",
        quantity="1",
        unit_price="5",
        currency="EUR",
    ),
    line("D", ordered_at="2024-02-07T15:00:00Z", quantity="1", unit_price="-3"),
    line("E", ordered_at="2024-02-08T15:00:00Z", quantity="1", unit_price="-4"),
    line("F", ordered_at="someday"),
]


def summary(export: Export, **params: Any) -> list[dict[str, Any]]:
    context = export.context(**params)
    found = tasks.months.function(export.totals(**params), **context)
    return tasks.summary.function(
        [tasks.transform.function(each, **context) for each in found], **context
    )


def test_rows_amounts_and_rejects_are_those_of_the_rules_by_month(
    export: Export,
) -> None:
    export.put("a.csv", text(*ORDERS))
    january, february = summary(export, dry_run=True)

    assert (
        january["month"],
        january["rows_read"],
        january["rows_accepted"],
        january["orders"],
    ) == (
        "2024-01",
        3,
        1,
        1,
    )
    assert january["amounts"] == {"USD": "21"}
    assert january["rejected"] == [
        {"reason": "invalid_quantity", "rows": 1, "places": ["a.csv line 3"]},
        {"reason": "invalid_timestamp", "rows": 1, "places": ["a.csv line 7"]},
    ]
    assert february["amounts"] == {"EUR": "5"}
    assert february["rejected"] == [
        {
            "reason": "negative_price",
            "rows": 2,
            "places": ["a.csv line 5", "a.csv line 6"],
        }
    ]


def test_a_dry_run_warns_where_a_load_fails(
    export: Export, caplog: pytest.LogCaptureFixture
) -> None:
    export.put("a.csv", text(*ORDERS))
    caplog.set_level(logging.INFO)
    summary(export, dry_run=True)
    told = caplog.records[-1]
    assert told.levelno == logging.WARNING
    assert "4 of 6 rows (66.7%) rejected: {" in told.message
    assert "'negative_price': 2" in told.message
    assert "(a load may have at most 5 %)" in told.message
    caplog.clear()

    with pytest.raises(
        ContractError, match=r"4 of 6 rows \(66.7%\) rejected.* more than 5 %"
    ):
        summary(export, run_id="load")
    summary(export, run_id="lenient", most_rejected=66.7)
    assert caplog.records[-1].levelno == logging.WARNING


def test_the_log_names_every_month_and_the_first_places(
    export: Export, caplog: pytest.LogCaptureFixture
) -> None:
    export.put("a.csv", text(*[line(f"O{n}", quantity=n % 2) for n in range(8)]))
    caplog.set_level(logging.INFO)
    summary(export, dry_run=True)
    *_, dry_run, month, rejected, _ = [record.message for record in caplog.records]
    assert dry_run == "dry run: nothing is loaded"
    assert month == (
        "2024-03: 8 rows read, 4 accepted, 4 rejected, 0 superseded; 4 orders of {'USD': '42'}"
    )
    places = "['a.csv line 2', 'a.csv line 4', 'a.csv line 6']"
    assert rejected == f"rejected: invalid_quantity 4, such as {places}"


def test_an_export_of_one_month_comes_without_a_list_around_it(export: Export) -> None:
    export.put("a.csv", text(line("A")))
    (manifest,) = export.months(dry_run=True)
    (march,) = tasks.summary.function(to_xcom(manifest), **export.context(dry_run=True))
    assert (march["month"], march["orders"]) == ("2024-03", 1)


def test_a_dry_run_keeps_nothing(export: Export) -> None:
    export.put("a.csv", text(*ORDERS))
    manifests = export.months(dry_run=True)
    assert all(exists(manifest.uri) for manifest in manifests)
    tasks.summary.function(
        [to_xcom(each) for each in manifests], **export.context(dry_run=True)
    )
    assert not any(exists(manifest.uri) for manifest in manifests)
