"""No line of a partner's file is lost, and one bad line costs one line."""

import csv
import io
from dataclasses import replace
from operator import itemgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecommerce.sources import text_blocks
from ecommerce.sources.csv_records import (
    LONGEST_HEADER,
    LONGEST_LINE,
    MOST_LINES,
    UNBOUNDED,
    Dialect,
    Grammar,
    UnusableFileError,
    find_header,
    header,
    tables,
)


def split(content, fields=3):
    """(number, text, detail of the fault) of the records after a header."""
    if isinstance(content, str):
        content = content.encode()
    whole = content.replace(b"\r\n", b"\n") + b"\n"
    batch = Grammar(fields).divide(2, whole, is_end=True)
    records = dict.fromkeys(batch.numbers.to_pylist())
    faults = dict.fromkeys(records)
    records.update(zip(records, batch.certain.to_pylist(), strict=True))
    for record in [*batch.malformed, *batch.others]:
        records[record.number] = record.text
        faults[record.number] = record.fault[1] if record.fault else None
    for number, row in rows(content, fields):
        assert faults[number] == (row if isinstance(row, str) else None)
    found = []
    for number, text in sorted(records.items()):
        found.append((number, text.decode("utf-8", "replace"), faults[number]))
    assert len(rows(content, fields)) == len(found), "as a large file"
    return found


def rows(content, fields=3):
    """(number, values or detail of the fault) of the records after a header, read as a large file."""
    found = []
    for table, malformed in tables(io.BytesIO(content), fields, UNBOUNDED):
        for record in malformed:
            found.append((record.number, record.fault[1]))
        for row in table.to_pylist():
            found.append((row.pop("number"), list(row.values())))
    return sorted(found, key=itemgetter(0))


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b"a,b,c\r\n", ["a", "b", "c"]),
        (b"\xef\xbb\xbfa,b\n", ["a", "b"]),
        (b" a , b\t\n", ["a", "b"]),
        (b'"a","b,c"\n', ["a", "b,c"]),
        ("größe,b".encode(), ["größe", "b"]),
        (b"a,b,a,,\n", ["a", "b", "a", "", ""]),
    ],
)
def test_header(line, names):
    assert header(io.BytesIO(line)) == names


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b"", "it is empty, without even a header"),
        (b'"a,b\n', "its first line cannot be read as a CSV header in its encoding"),
    ],
)
def test_no_header(line, detail):
    with pytest.raises(UnusableFileError) as refused:
        header(io.BytesIO(line))
    assert refused.value.reason == "file_unreadable"
    assert refused.value.detail == detail


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
    "after a line that is no CSV": ('"a" b;"\norder_id;sku\n', WANTED, 2),
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
        f"{'7' * 251}\n{'x' * (LONGEST_HEADER + 1)}\norder_id;sku\n",
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
    stream = io.BytesIO(f"{content}1;2\n".encode())
    assert find_header(stream, SEMICOLON, WANTED) == (names, number)
    if "1;2;3" not in content:
        assert stream.read() == b"1;2\n"


@pytest.mark.parametrize("name", NO_HEADERS)
def test_no_line_is_the_header(name):
    content, detail = NO_HEADERS[name]
    with pytest.raises(UnusableFileError) as refused:
        find_header(io.BytesIO(content.encode()), SEMICOLON, WANTED)
    assert refused.value.reason == "missing_column"
    assert refused.value.detail == detail


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "it is empty, without even a header"),
        (b"\r\n\n", "it is empty, without even a header"),
        (b"\xff\na\n", "its first line cannot be read as a CSV header in its encoding"),
        (b"x" * (1 << 16) + b"\n", "its first line is longer than 65536 bytes"),
        (b"x\nsku;sku", "its header has sku more than once"),
        (b"x\nsku;order_id;sku", "its header has sku more than once"),
    ],
)
def test_a_file_without_a_usable_header(content, detail):
    with pytest.raises(UnusableFileError) as refused:
        find_header(io.BytesIO(content), SEMICOLON, WANTED)
    assert refused.value.reason == "file_unreadable"
    assert refused.value.detail == detail


def test_a_header_without_quoting():
    dialect = Dialect("\t", "none")
    header_line = io.BytesIO(b'"order_id\tsku\n')
    assert find_header(header_line, dialect, ["sku"]) == (['"order_id', "sku"], 1)


NOT_TEXT = "bytes that are not in the file's encoding"
OPEN = "a quote that is not closed"
LONG = "x" * (LONGEST_LINE - 10)
RECORDS = {
    "line numbers are those of an editor": (
        '1,2,3\r\n\r\n4,"two\r\nlines",6\n   \n7,8,9',
        [(2, "1,2,3", None), (4, '4,"two\nlines",6', None), (7, "7,8,9", None)],
    ),
    "an open quote costs its line": (
        '1,"mug,3\n4,5,6\n7,"8",9\n',
        [(2, '1,"mug,3', OPEN), (3, "4,5,6", None), (4, '7,"8",9', None)],
    ),
    # Read by the letter, it is one record of three fields, which would hide an order.
    "an open quote swallows no record": (
        '1,"mug\n4,Tube 12",6\n',
        [(2, '1,"mug', OPEN), (3, '4,Tube 12",6', None)],
    ),
    "bytes that are no text cost their line": (
        b'1,\xfc,3\n4,"5\n\xff",6\n7,8,9',
        [
            (2, "1,\ufffd,3", NOT_TEXT),
            (3, '4,"5', OPEN),
            (4, '\ufffd",6', NOT_TEXT),
            (5, "7,8,9", None),
        ],
    ),
    "another number of fields costs its line": (
        '1,2\n1,2,3\n1,2,3,4\n"1",2\n1,2,3,"4"\n1,"2,3"\n',
        [
            (2, "1,2", "too few fields"),
            (3, "1,2,3", None),
            (4, "1,2,3,4", "too many fields"),
            (5, '"1",2', "too few fields"),
            (6, '1,2,3,"4"', "too many fields"),
            (7, '1,"2,3"', "too few fields"),
        ],
    ),
    "long lines are records": (
        f'1,2,{LONG}\n4,"{LONG}",6\n7,8,9\n',
        [(2, f"1,2,{LONG}", None), (3, f'4,"{LONG}",6', None), (4, "7,8,9", None)],
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records(name):
    content, expected = RECORDS[name]
    assert split(content) == expected


def test_a_record_over_very_many_lines_is_taken_for_an_open_quote():
    breaks = "x\n" * (MOST_LINES + 1)
    found = split(f'1,"{breaks}",3\n4,5,6\n')
    assert found[0] == (2, '1,"x', OPEN)
    assert found[-1] == (MOST_LINES + 4, "4,5,6", None)
    assert len(split(f'1,"{breaks[2:]}",3\n4,5,6\n')) == 2


def test_an_absurd_line_is_cut_and_the_next_is_read():
    cut, following = split(b"1,2," + b"x" * (3 * LONGEST_LINE) + b"\n4,5,6\n")
    assert cut[2] == f"longer than {LONGEST_LINE} bytes"
    assert len(cut[1]) == LONGEST_LINE
    assert following == (3, "4,5,6", None)


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_file_may_have_as_many_lines_as_its_bound(end):
    stream = f"1,2,3\n\n4,5,6{end}".encode()
    bounds = replace(UNBOUNDED, lines=3)
    found = tables(io.BytesIO(stream), 3, bounds)
    assert sum(len(table) for table, _ in found) == 2
    with pytest.raises(UnusableFileError, match="more than 2 lines"):
        list(tables(io.BytesIO(stream), 3, replace(bounds, lines=2)))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('a,  "b, c"  ,d', ["a", "b, c", "d"]),
        ('   "a"', ["a"]),
        (',   ","', [None, ","]),
        ('a,   "b",', ["a", "b", None]),
        ('a "  "b,  c,"d   ""e"', ['a "  "b', "  c", 'd   "e']),
        ('  a  "b"', ['  a  "b"']),
        ('1,5" x 3",3', ["1", '5" x 3"', "3"]),
        ('"", ,""""', ["", " ", '"']),
        ("\ufeffa,NULL,nan", ["\ufeffa", "NULL", "nan"]),
        ("\0,\\,'a", ["\0", "\\", "'a"]),
    ],
)
def test_values(text, values):
    """Blanks around quotes are no part of a value; all others are."""
    assert rows(text.encode(), len(values)) == [(2, values)]
    [(number, _, fault)] = split(text, len(values))
    assert number == 2
    assert fault is None


FIELD = st.characters(codec="utf-8", exclude_characters="\r\n")


@settings(max_examples=50)
@given(st.lists(st.lists(st.text(FIELD, max_size=8), min_size=3, max_size=3)))
def test_what_a_csv_writer_writes_comes_back(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    lines = text.getvalue().split("\n")
    expected = [(number, line) for number, line in enumerate(lines, 2) if line.strip()]
    # Only text after a header's width of commas in quotes may look like a record of its own.
    assert [(number, line) for number, line, _ in split(text.getvalue())] == expected
    for *_, fault in split(text.getvalue()):
        assert not fault


def letters(lines):
    """The lines without blanks, of which those around quotes are removed."""
    return [line.replace(" ", "") for line in lines if line.strip()]


@given(st.text(alphabet='a,"\n ', max_size=80))
def test_every_line_is_in_exactly_one_record(text):
    found = split(text)
    lines = [line for _, record, _ in found for line in record.split("\n")]
    assert letters(lines) == letters(text.split("\n"))
    numbers = [number for number, *_ in found]
    assert numbers == sorted(set(numbers))


@given(st.text(alphabet='a,"\n\r ü', max_size=80), st.integers(1, 40))
def test_the_blocks_that_a_file_is_read_in_change_nothing(text, size):
    """Nor does it matter where lines beyond doubt, which are found in native code, are among the others."""
    text = text.replace("ü", "1,2,3\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK", size)
        split(text)
