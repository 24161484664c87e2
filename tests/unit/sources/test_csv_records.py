"""No line of a partner's file is lost, and one bad line costs one line.

Examples, and random files whose records are those of `record_oracle`.
"""

import io
from dataclasses import replace
from operator import itemgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecommerce.sources import text_blocks
from ecommerce.sources.csv_records import (
    END,
    LONGEST_HEADER,
    LONGEST_LINE,
    MOST_LINES,
    STANDARD,
    UNBOUNDED,
    Dialect,
    Reader,
    Text,
    UnusableFileError,
    find_header,
)
from tests.unit.sources import record_oracle
from tests.unit.sources.record_oracle import OPEN


def reader_of(fields, dialect=STANDARD, first_line=2, kind=Reader):
    """A reader of records with a number of fields."""
    columns = [str(place) for place in range(fields)]
    return kind(columns, dialect, first_line)


def records(content, fields=3, dialect=STANDARD, bounds=UNBOUNDED):
    """Number, and values or text and detail of the fault, of the records after a header."""
    if isinstance(content, str):
        content = content.encode()
    found = []
    text = Text(io.BytesIO(content), "utf-8", bounds)
    batches = reader_of(fields, dialect).tables(text.blocks(), bounds.lines)
    for table, malformed in batches:
        for record in malformed:
            text = record.text.decode("utf-8", "replace")
            found.append((record.number, text, record.detail))
        for row in table.to_pylist():
            found.append((row.pop("row_number"), list(row.values())))
    return sorted(found, key=itemgetter(0))


SEMICOLON = Dialect(";")
WANTED = ["order_id", "sku"]
HINT = "if its partner has another layout, describe it in include/partners (docs/RECIPES.md)"
BEHIND = "Report\n" * 28
HEADERS = {
    "line 1": ("order_id;sku;x\n1;2;3\n", ["order_id", "sku", "x"], 1),
    "after a preamble": (
        "\ufeffsep=;\r\n\r\norder_id;x\r\n sku ;order_id\r\n",
        ["sku", "order_id"],
        4,
    ),
    "with quotes, blanks and other columns": (
        '\ufeff"x;y";größe; order_id ;sku\t;a;;a\r\n',
        ["x;y", "größe", "order_id", "sku", "a", "", "a"],
        1,
    ),
    "after a line that is no CSV": ('"a" b;"\norder_id;sku\n', WANTED, 2),
    "with blanks around quotes": ('"order_id"; "sku"\n', WANTED, 1),
    "three lines behind an open quote": (
        'Screens of 5"\n"order_id";"sku\n";"\nx"\n',
        ["order_id", "sku", "x"],
        4,
    ),
    "the 30th line": (f"\n{BEHIND}order_id;sku\n", WANTED, 30),
}
"""Content, and the names and the number of its header."""
NO_HEADERS = {
    "line 1 lacks": (
        "order_id;x\n1;2\n",
        f"its header lacks sku (the delimiter is ';'); {HINT}",
    ),
    "the nearest lacks": (
        "Report\nsku;price\norder_id;price\n",
        f"its header in line 2 lacks order_id (the delimiter is ';'); {HINT}",
    ),
    "the nearest is behind a line in another encoding": (
        "Ums\udce4tze\norder_id;price\n",
        f"its header in line 2 lacks sku (the delimiter is ';'); {HINT}",
    ),
    "the nearest is behind a line that is no CSV": (
        '"Report" of "March;"\n\norder_id;price\n',
        f"its header in line 3 lacks sku (the delimiter is ';'); {HINT}",
    ),
    "another delimiter": (
        "\ufefforder_id,sku,Größe 12 é\n",
        f"none of its first 30 lines is a header of its layout (the delimiter is ';'); "
        f"line 1 is: xxxxx_xx,xxx,xxxxx 99 x; {HINT}",
    ),
    "another delimiter that it shows": (
        "\r\nsep=,\r\norder_id,sku\r\n",
        f"none of its first 30 lines is a header of its layout (the delimiter is ';'); "
        f"line 2 is: sep=,; {HINT}",
    ),
    "a mail address behind sep=": (
        "sep=a@example.com",
        f"none of its first 30 lines is a header of its layout (the delimiter is ';'); "
        f"line 1 is: xxx=x@xxxxxxx.xxx; {HINT}",
    ),
    "a long line": (
        f"{'7' * 251}\n{'x' * (LONGEST_HEADER + 1)}\norder_id,sku\n",
        f"none of its first 30 lines is a header of its layout (the delimiter is ';'); "
        f"line 1 is: {'9' * 250}…; {HINT}",
    ),
    "the 31st line": (
        f"1\n\n{BEHIND}order_id;sku\n",
        f"none of its first 30 lines is a header of its layout (the delimiter is ';'); "
        f"line 1 is: 9; {HINT}",
    ),
}


@pytest.mark.parametrize("name", HEADERS)
def test_the_header_may_follow_a_preamble(name):
    content, names, number = HEADERS[name]
    beginning = f"{content}1;2\n".encode()
    assert find_header(beginning, SEMICOLON, WANTED) == (names, number)


@pytest.mark.parametrize("name", NO_HEADERS)
def test_no_line_is_the_header(name):
    content, detail = NO_HEADERS[name]
    beginning = content.encode("utf-8", "surrogateescape")
    with pytest.raises(UnusableFileError) as refused:
        find_header(beginning, SEMICOLON, WANTED)
    assert refused.value.reason == "missing_column"
    assert refused.value.detail == detail


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "it is empty, without even a header"),
        (b"\r\n\n", "it is empty, without even a header"),
        (b"\xff\na\n", "its first line cannot be read as a CSV header in its encoding"),
        (b'"a;b\n', "its first line cannot be read as a CSV header in its encoding"),
        (b"x" * (1 << 16) + b"\n", "its first line is longer than 65536 bytes"),
        (
            b"\norder_id;sku\r1;2\r" * 2,
            "its lines end with carriage returns alone: export it with line feeds",
        ),
        (b"x\nsku;sku", "its header has sku more than once"),
        (b"x\nsku;order_id;sku", "its header has sku more than once"),
    ],
)
def test_a_file_without_a_usable_header(content, detail):
    with pytest.raises(UnusableFileError) as refused:
        find_header(content, SEMICOLON, WANTED)
    assert refused.value.reason == "file_unreadable"
    assert refused.value.detail == detail


def test_a_header_without_quoting():
    dialect = Dialect("\t", "none")
    assert find_header(b'"order_id\tsku\n', dialect, ["sku"]) == (
        ['"order_id', "sku"],
        1,
    )


LONG = "x" * (LONGEST_LINE - 10)


def test_long_lines_are_records():
    assert records(f'1,2,{LONG}\n4,"{LONG}",6\n7,8,9\n') == [
        (2, ["1", "2", LONG]),
        (3, ["4", LONG, "6"]),
        (4, ["7", "8", "9"]),
    ]


def test_a_record_over_very_many_lines_is_taken_for_an_open_quote():
    breaks = "x\n" * (MOST_LINES + 1)
    found = records(f'1,"{breaks}",3\n4,5,6\n')
    assert found[0] == (2, '1,"x', OPEN)
    assert found[-1] == (MOST_LINES + 4, ["4", "5", "6"])
    assert len(records(f'1,"{breaks[2:]}",3\n4,5,6\n')) == 2


def test_a_record_over_as_many_lines_may_end_in_the_next_block():
    reader = reader_of(3)
    table, malformed = reader.divide(b'1,"x\n' + b"x\n" * (MOST_LINES - 1))
    assert (len(table), malformed, reader.number) == (0, [], 2)
    table, malformed = reader.divide(b'",3\n4,5,6\n')
    assert (table["row_number"].to_pylist(), malformed) == ([2, MOST_LINES + 3], [])


@pytest.mark.parametrize(
    ("lines", "is_certain"),
    [
        ('"1","","a ""b"", c"\nä,"",\n', True),
        ('"""","a"",""b",","\n', True),
        ('1,2" x 3",3\n1,2,3\n', False),
        ('1,2,3\n"1" ,2,3\n', False),
        ("1,2,3\n\n", False),
        ('1,2,"3\n', False),
        ('1,2,3"\n', False),
        ('1,"2"3,"4"\n', False),
        ('1,2"",3\n', False),
        ('1,"2\n3",4\n1,2,3\n', False),
        ("1,2\n", False),
    ],
)
def test_quotes_around_fields_do_not_make_lines_doubtful(lines, is_certain):
    table = reader_of(3).whole_block(lines.encode())
    assert (table is not None) == is_certain


def test_an_absurd_line_is_cut_and_the_next_is_read():
    cut, following = records(b"1,2," + b"x" * (3 * LONGEST_LINE) + b"\n4,5,6\n")
    assert cut[2] == f"longer than {LONGEST_LINE} bytes"
    assert len(cut[1]) == LONGEST_LINE
    assert following == (3, ["4", "5", "6"])


@pytest.mark.parametrize(("more", "is_cut"), [(0, False), (1, True)])
def test_a_line_may_have_as_many_bytes_as_its_bound(more, is_cut):
    line = "1,2," + "x" * (LONGEST_LINE - 4 + more)
    [record] = records(f"{line}\n")
    assert (len(record) == 3) == is_cut


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_file_may_have_as_many_lines_as_its_bound(end):
    stream = f"1,2,3\n\n4,5,6{end}"
    bounds = replace(UNBOUNDED, lines=3)
    assert len(records(stream, bounds=bounds)) == 2
    with pytest.raises(UnusableFileError, match="more than 2 lines"):
        records(stream, bounds=replace(bounds, lines=2))


def test_the_lines_before_the_header_do_not_count():
    reader = reader_of(2, first_line=9)
    [(table, _), _] = reader.tables([b"1,2\n"], 1)
    assert table["row_number"].to_pylist() == [9]
    reader = reader_of(2, first_line=9)
    with pytest.raises(UnusableFileError, match="more than 1 lines"):
        list(reader.tables([b"1,2\n\n"], 1))


class CarefulReader(Reader):
    """Reads every line one by one."""

    def whole_block(self, text):
        return None

    def certain_lines(self, text, position, is_text):
        return b""


class ReaderOfRuns(Reader):
    """Never finds that all lines of a block are certain."""

    def whole_block(self, text):
        return None


def divided(reader, text):
    """Number, and values or text and detail of the fault, of the records of whole lines."""
    found = []
    for block in (text.encode("utf-8", "surrogateescape"), END):
        table, malformed = reader.divide(block)
        for record in malformed:
            line = record.text.decode("utf-8", "surrogateescape")
            found.append((record.number, line, record.detail))
        for row in table.to_pylist():
            found.append((row.pop("row_number"), list(row.values())))
    return sorted(found, key=itemgetter(0))


LIKELY = [
    *["1,2,3\n", "ä,,\n", '"1","2,","3"\n', '"1""","","""3"\n'] * 2,
    *["\n", "\r\n", ",", '"', '""', '","', "x"] * 2,
    *[" ", "\r", "\t", "\ufeff", "\udcff", "1,2\n", '"1",2,3,4\n', '1,"2\n3",4\n'],
    *['1, "2" ,3\n', "Sum\n", ',"2\n', ' "', '" '],
]
"""Parts of files that are likely to be wrong; half of a surrogate pair is a byte that is not UTF-8."""
FILES_OF_PEOPLE = [
    '1,2,3\r\n\r\n4,"two\r\nlines",6\n \t \n7,8,9',
    '1,"mug,3\n4,5,6\n7,"8",9\n',
    # Read by the letter, it is one record of three fields, which would hide an order.
    '1,"mug\n4,Tube 12",6\n',
    '1,"mug, red,\n\nlarge, ""xl"", or, xs",3\n4,5,6\n',
    '1,"two\n \nlines",3\n',
    '1,2,3\n4,"5\n6,7',
    '1,\udc80,3\n4,"5\n\udcff",6\n7,8,9',
    '1,2\n1,2,3\n1,2,3,4\n"1",2\n1,2,3,"4"\n1,"2,3"\n1,2,3\n',
    '1,\r2,3\n4,"5\r",6\r\r\n7,8\n',
    '1,"2"x,3\n4,"5,6" ,7\n8,"9"" ",\n',
    '"1,"2"x,"\n,,\n1,"2\n3",4\n1,\r,3\n,\n',
    'Sum\n"Sum"\nSum,\nSum, ,120\nSum," ",1\nSum,A-1,1\nSum,,3,4,5\nSum,A-1,1,\n',
    'Sum,,"1\nSum,,2"\n',
    'a,  "b, c"  ,d\n   "a"\n \n,   ","\na,   "b",\na "  "b,  c,"d   ""e"\n',
    '  a  "b"\n1,5" x 3",3\n"", ,""""\n"a""","""b",""""""\n',
    "\ufeffa,NULL,nan\n\0,\\,'a\n\x1c,\x85,\u2028\n\U0001f381,\v,\f\n",
]
DIALECTS = [STANDARD, Dialect("\t", "none"), Dialect(";", short_without=1)]


FILES = given(
    st.lists(st.sampled_from(LIKELY), min_size=1, max_size=30),
    st.sampled_from(DIALECTS),
    st.integers(1, 4),
)


@pytest.mark.parametrize("text", FILES_OF_PEOPLE)
def test_records_of_people_are_those_of_the_oracle(text):
    for dialect in DIALECTS:
        for fields in range(1, 6):
            assert_records([text], dialect, fields)


@settings(max_examples=200)
@FILES
def test_records_are_those_of_the_oracle_read_together_or_one_by_one(
    parts, dialect, fields
):
    assert_records(parts, dialect, fields)


@pytest.mark.slow
@settings(max_examples=2_000)
@FILES
def test_both_ways_agree_on_many_files(parts, dialect, fields):
    assert_records(parts, dialect, fields)


def assert_records(parts, dialect, fields):
    text = "".join([*parts, "\n"]).replace(",", dialect.delimiter)
    lines = text.replace("\r\n", "\n").split("\n")[:-1]
    expected = record_oracle.records(lines, fields, dialect)
    for reader in (Reader, ReaderOfRuns, CarefulReader):
        assert divided(reader_of(fields, dialect, kind=reader), text) == expected


@given(st.text(alphabet='a,"\n\r ü', max_size=80), st.integers(1, 40))
def test_the_blocks_that_a_file_is_read_in_change_nothing(text, size):
    text = text.replace("ü", "1,2,3\n")
    expected = records(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK", size)
        assert records(text) == expected
