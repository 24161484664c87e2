"""Data quality in the annex: which warnings are of the day, and which of others."""

from ecommerce.core.data_warnings import CHECK, data_warning
from ecommerce.sales.days.quality import CurrencyTotals
from tests.unit.sales.report import readable
from tests.unit.sales.report.parts import D
from tests.unit.sales.report.samples import make_figures

AED = {
    "kind": CHECK,
    "found": "1 currency has no rate (for example AED on 2026-11-09)",
    "meaning": "the amounts are in no sum",
    "action": "wait for the rate",
    "weight": 3,
    "days": ["2026-11-09"],
}


def rows(section_id, warnings):
    return readable.section(make_figures(warnings=warnings), section_id)["rows"]


def packed(day):
    return data_warning("unknown_status", orders=10, day=day, status="packed")


def test_warnings_about_other_days_are_a_list_of_their_own():
    """A report of 19 November, by a run that loaded orders of other days."""
    both = {**AED, "found": "two days", "days": ["2026-11-18", "2026-11-20"]}
    misnamed = data_warning("misnamed_file", file="x_2026-02-30.csv")
    found = [packed("2026-11-17"), packed("2026-11-19"), AED, both, misnamed]
    status = '10 orders have the status "packed", which order_status.sql does not list'
    assert [row[0] for row in rows("warnings", found)] == [
        status,
        "x_2026-02-30.csv was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz, or its day is "
        "in the future",
    ]
    assert rows("other_warnings", found) == [
        ["Wed 18 Nov and Fri 20 Nov: two days"],
        [f"Tue 17 Nov: {status}"],
        ["Mon 9 Nov: 1 currency has no rate (for example AED on 2026-11-09)"],
    ]


def test_warnings_about_many_days_are_a_short_list():
    days = [f"2026-10-{day:02}" for day in range(1, 13)]
    findings = []
    for place, day in enumerate(days, start=1):
        findings.append({**AED, "found": f"finding {place}", "days": [day]})
    lines = rows("other_warnings", findings)
    assert lines[0] == ["Mon 12 Oct: finding 12"]
    assert lines[-1] == ["2 more in figures.json"]
    ((line,),) = rows("other_warnings", [{**AED, "days": days}])
    assert line.startswith("Thu 1 Oct, Fri 2 Oct, Sat 3 Oct and 9 more days: ")


def columns_of(file):
    return data_warning("columns_not_read", file=file, columns="gift_note")


def test_the_same_warning_about_several_files_is_stated_once():
    partners = ("acme", "globex", "initech", "umbrella", "wayne")
    today = [columns_of(f"{partner}_2026-11-19.csv") for partner in partners]
    [row] = rows("warnings", today)
    assert row[0] == (
        "acme_2026-11-19.csv has columns that are not read: gift_note; "
        "globex_2026-11-19.csv has columns that are not read: gift_note; "
        "initech_2026-11-19.csv has columns that are not read: gift_note; "
        "2 more in figures.json"
    )
    before = [columns_of(f"acme_2026-11-{day}.csv") for day in range(11, 16)]
    assert rows("other_warnings", before) == [
        [
            "Wed 11 Nov, Thu 12 Nov, Fri 13 Nov and 2 more days: "
            "acme_2026-11-11.csv has columns that are not read: gift_note"
        ]
    ]


def test_an_amount_of_a_cent_is_lost_and_less_is_rounding():
    names = ("source", "loaded", "superseded", "rejected")
    amounts = dict.fromkeys((f"{name}_amount" for name in names), D(9))
    totals = []
    for currency, lost in (("USD", "0.01"), ("EUR", "-0.0099")):
        values = {"currency": currency, "unexplained_amount": D(lost)}
        totals.append(CurrencyTotals(source="sales_db", **amounts, **values))
    text = readable.lines_of(make_figures(totals=totals), "totals")
    assert "USD | 9.00 | 9.00 | 9.00 | 9.00 | 0.01" in text
    assert "EUR | 9.00 | 9.00 | 9.00 | 9.00 | none" in text
