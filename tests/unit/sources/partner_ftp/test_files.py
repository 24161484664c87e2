"""Which rows of the partner's files count, and what is said of the others."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ecommerce.core.errors import ContractError, StagingError
from ecommerce.core.text import counted
from ecommerce.sources.partner_ftp.files import (
    MarketWeek,
    Parsed,
    Promotion,
    read_files,
    read_market_index,
    read_promotions,
)
from ecommerce.storage import staging

HEADER = "start_date,end_date,sku,discount_percent"
FRIDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 30)
GOOD = "2026-11-27,2026-11-30,*,20"


def promotions(
    *rows: str, header: str = HEADER, encoding: str = "utf-8", end: str = "\n"
) -> Parsed[Promotion]:
    return read_promotions((end.join([header, *rows]) + end).encode(encoding))


def market(*rows: str, header: str = "week_start,index") -> Parsed[MarketWeek]:
    return read_market_index(("\n".join([header, *rows]) + "\n").encode())


def found(parsed: Parsed) -> list[tuple[int, str]]:
    return [(each["line_number"], each["reason"]) for each in parsed.rejected]


@pytest.mark.parametrize(("encoding", "end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n")])
def test_a_promotion_has_its_days_its_article_and_its_discount(
    encoding: str, end: str
) -> None:
    parsed = promotions(
        GOOD, '2026-12-01, 2026-12-01 ,"Café, 1",12.5', encoding=encoding, end=end
    )
    assert parsed == Parsed(
        (
            Promotion(FRIDAY, MONDAY, None, Decimal(20)),
            Promotion(date(2026, 12, 1), date(2026, 12, 1), "Café, 1", Decimal("12.5")),
        )
    )


@pytest.mark.parametrize("sku", ["", " ", "*", '"*"'])
def test_no_sku_and_an_asterisk_are_the_whole_shop(sku: str) -> None:
    assert promotions(f"2026-11-27,2026-11-30,{sku},20").rows[0].sku is None


def test_columns_are_found_by_name_and_a_new_one_is_ignored() -> None:
    parsed = promotions(
        "20,x,MUG-01,2026-11-30,2026-11-27",
        header="discount_percent,note,sku,end_date,start_date",
    )
    assert parsed.rows == (Promotion(FRIDAY, MONDAY, "MUG-01", Decimal(20)),)
    assert parsed.warnings == ()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (
            "start_date,end_date,sku",
            "promotions.csv has the columns start_date, end_date, sku, and should have start_date",
        ),
        ("start_date;end_date;sku;discount_percent", "separated by commas"),
        (f"{HEADER},sku", "each once"),
        ("", "promotions.csv cannot be read: it is empty"),
    ],
)
def test_a_header_that_does_not_do_is_told(header: str, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        promotions(GOOD, header=header)


@pytest.mark.parametrize(
    ("read", "name"),
    [(read_promotions, "promotions"), (read_market_index, "market_index")],
)
@pytest.mark.parametrize(
    "content", [b"", b"\xef\xbb\xbf", b"\xff\xfes\x00", b"\x89PNG\r\n"]
)
def test_what_is_empty_or_no_csv_names_the_file(
    read, name: str, content: bytes
) -> None:
    with pytest.raises(
        ContractError, match=rf"^{name}\.csv (cannot be read|has the columns)"
    ):
        read(content)


def test_a_header_alone_says_that_there_is_nothing() -> None:
    assert promotions() == Parsed((), (), ("promotions.csv has a header and no row",))
    assert market() == Parsed((), (), ("market_index.csv has a header and no row",))


WRONG = (
    ("2026-11-30,2026-11-27,*,20", "end_before_start"),
    (",2026-11-30,*,20", "missing_value"),
    ("2026-11-27,2026-11-30,*,", "missing_value"),
    ("27.11.2026,2026-11-30,*,20", "invalid_date"),
    ("20261127,2026-11-30,*,20", "invalid_date"),
    ("2026-W48-5,2026-11-30,*,20", "invalid_date"),
    ("2026-02-30,2026-11-30,*,20", "invalid_date"),
    ("2026-11-27T00:00,2026-11-30,*,20", "invalid_date"),
    ("2026-11-27,9999-12-31,*,20", "invalid_date"),
    ("٢٠٢٦-11-27,2026-11-30,*,20", "invalid_date"),
    ("2026-11-27,2026-11-30,*,0", "invalid_number"),
    ("2026-11-27,2026-11-30,*,0.000", "invalid_number"),
    ("2026-11-27,2026-11-30,*,-5", "invalid_number"),
    ("2026-11-27,2026-11-30,*,100.01", "invalid_number"),
    ("2026-11-27,2026-11-30,*,20%", "invalid_number"),
    ('2026-11-27,2026-11-30,*,"12,5"', "invalid_number"),
    ("2026-11-27,2026-11-30,*,NaN", "invalid_number"),
    ("2026-11-27,2026-11-30,*,1e1", "invalid_number"),
    (f"2026-11-27,2026-11-30,{'x' * 201},20", "invalid_text"),
    ("2026-11-27,2026-11-30,a\0b,20", "invalid_text"),
    ("2026-11-27,2026-11-30,*", "malformed_line"),
    ("2026-11-27,2026-11-30,*,20,5", "malformed_line"),
    ('2026-11-27,2026-11-30,"open,20', "malformed_line"),
)


def test_a_bad_row_costs_that_row_and_is_kept_with_its_line_and_reason() -> None:
    rows = [GOOD] * 300
    for number, (row, _) in enumerate(WRONG):
        rows[10 * number] = row
    parsed = promotions(*rows)
    assert found(parsed) == [
        (10 * number + 2, reason) for number, (_, reason) in enumerate(WRONG)
    ]
    assert len(parsed.rows) == 300 - len(WRONG)
    assert parsed.warnings == (
        f"promotions.csv: {len(WRONG)} of 300 rows cannot be used, the first of them line 2: it ends on "
        "2026-11-27, before it starts on 2026-11-30",
    )


@pytest.mark.parametrize("sku", ["x" * 200_000, "a\u2028b", "a\x0bb"])
def test_an_absurd_field_costs_one_row(sku: str) -> None:
    parsed = promotions(GOOD, f"2026-11-27,2026-11-30,{sku},20", GOOD)
    assert (len(parsed.rows), [line for line, _ in found(parsed)]) == (2, [3])


def test_what_is_kept_of_a_bad_row_is_short_and_shows_no_address() -> None:
    parsed = promotions(f"2026-11-27,2026-11-30,ann@example.com,-1,{'x' * 5000}", GOOD)
    (rejected,) = parsed.rejected
    assert "ann@" not in rejected["raw"]
    assert len(rejected["raw"]) <= 1_001


def test_bytes_that_are_no_utf8_cost_one_row() -> None:
    body = (
        f"{HEADER}\n2026-11-27,2026-11-30,".encode()
        + b"caf\xe9"
        + f",20\n{GOOD}\n".encode()
    )
    parsed = read_promotions(body)
    assert (len(parsed.rows), found(parsed)) == (1, [(2, "bad_encoding")])


@pytest.mark.parametrize(
    ("bad", "good", "refused"),
    [
        (1, 0, True),
        (1, 1, False),
        (2, 2, True),
        (2, 18, False),
        (2, 17, True),
        (10, 90, False),
        (11, 89, True),
    ],
)
def test_more_than_one_bad_row_in_ten_is_another_file_than_agreed(
    bad: int, good: int, refused: bool
) -> None:
    rows = ["2026-11-27,2026-11-30,*,20%"] * bad + [GOOD] * good
    if not refused:
        assert len(promotions(*rows).rejected) == bad
        return
    with pytest.raises(ContractError) as raised:
        promotions(*rows)
    assert str(raised.value) == (
        f"promotions.csv: {bad} of {counted(bad + good, 'row')} cannot be used, the first of them line 2: "
        "discount_percent '20%' is no number above 0, such as 12.5; at most one row in 10 may be unusable"
    )


def test_weeks_come_by_date() -> None:
    assert market("2026-11-16,102", "2026-11-09,101.25") == Parsed(
        (
            MarketWeek(date(2026, 11, 9), Decimal("101.25")),
            MarketWeek(date(2026, 11, 16), Decimal(102)),
        )
    )


def test_of_several_rows_for_one_week_the_last_counts() -> None:
    parsed = market("2026-11-09,101", "2026-11-16,102", "2026-11-09,99")
    assert [week.index for week in parsed.rows] == [99, 102]
    assert parsed.warnings == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-11-15,1", "not_a_monday"),
        ("2026-11-16,0", "invalid_number"),
        ("2026-11-16,-1", "invalid_number"),
    ],
)
def test_a_week_that_cannot_be_used_is_kept_with_the_reason(
    row: str, reason: str
) -> None:
    assert found(market("2026-11-09,100", row)) == [(3, reason)]


def test_weeks_that_begin_on_sundays_are_refused_with_the_rule() -> None:
    with pytest.raises(
        ContractError,
        match="line 2: week_start 2026-11-08 is a Sunday, and weeks begin on Mondays",
    ):
        market("2026-11-08,100", "2026-11-15,100")


def test_both_files_are_read_from_staging_and_missing_ones_are_told(
    tmp_path: Path,
) -> None:
    uri, now = f"file://{tmp_path}/raw", datetime(2026, 11, 21, tzinfo=UTC)
    with staging.publish(uri) as draft:
        (draft.path / "promotions.csv").write_text(f"{HEADER}\n{GOOD}\n")
        (draft.path / "market_index.csv").write_text(
            "week_start,index\n2026-11-09,100\n2026-11-17,1\n"
        )
        draft.seal(
            source="partner_ftp",
            business_date=FRIDAY,
            rows=2,
            columns={},
            **dict.fromkeys(("read_at", "window_start", "window_end"), now),
        )
    manifest = staging.read_manifest(uri)
    read = read_files(manifest)
    assert (len(read.announced.promotions), len(read.announced.market_index)) == (1, 1)
    assert [(each["file"], each["line_number"]) for each in read.rejected] == [
        ("market_index.csv", 3)
    ]
    assert [warning.partition(":")[0] for warning in read.warnings] == [
        "market_index.csv"
    ]
    (tmp_path / "raw" / "market_index.csv").unlink()
    with pytest.raises(StagingError, match=r"market_index\.csv"):
        read_files(manifest)


def test_reading_imports_no_pandas() -> None:
    code = "import sys, ecommerce.sources.partner_ftp.files; sys.exit('pandas' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": "plugins"}
        ).returncode
        == 0
    )
