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
    END,
    LONGEST_HEADER,
    LONGEST_LINE,
    MOST_LINES,
    STANDARD,
    UNBOUNDED,
    Dialect,
    Reader,
    UnusableFileError,
    find_header,
)


def records(content, fields=3, dialect=STANDARD, bounds=UNBOUNDED):
    """Number, and values or text and detail of the fault, of the records after a header."""
    if isinstance(content, str):
        content = content.encode()
    found = []
    batches = Reader(fields, dialect).tables(io.BytesIO(content), bounds)
    for table, malformed in batches:
        for record in malformed:
            text = record.text.decode("utf-8", "replace")
            found.append((record.number, text, record.detail))
        for row in table.to_pylist():
            found.append((row.pop("number"), list(row.values())))
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
        '"x;y";größe; order_id ;sku\t;a;;a\r\n',
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
    stream = io.BytesIO(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(UnusableFileError) as refused:
        find_header(stream, SEMICOLON, WANTED)
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
FIRST = (2, ["1", "2", "3"])
UNQUOTED = Dialect("\t", "none")
RECORDS = {
    "line numbers are those of an editor": (
        '1,2,3\r\n\r\n4,"two\r\nlines",6\n \t \n7,8,9',
        [FIRST, (4, ["4", "two\nlines", "6"]), (7, ["7", "8", "9"])],
    ),
    "an open quote costs its line": (
        '1,"mug,3\n4,5,6\n7,"8",9\n',
        [(2, '1,"mug,3', OPEN), (3, ["4", "5", "6"]), (4, ["7", "8", "9"])],
    ),
    # Read by the letter, it is one record of three fields, which would hide an order.
    "an open quote swallows no record": (
        '1,"mug\n4,Tube 12",6\n',
        [(2, '1,"mug', OPEN), (3, ["4", 'Tube 12"', "6"])],
    ),
    "a text of several lines may have commas": (
        '1,"mug, red,\n\nlarge, ""xl"", or, xs",3\n4,5,6\n',
        [(2, ["1", 'mug, red,\n\nlarge, "xl", or, xs', "3"]), (5, ["4", "5", "6"])],
    ),
    "an open quote at the end": (
        '1,2,3\n4,"5\n6,7',
        [FIRST, (3, '4,"5', OPEN), (4, "6,7", "too few fields")],
    ),
    "bytes that are no text cost their line": (
        b'1,\x80,3\n4,"5\n\xff",6\n7,8,9',
        [
            (2, "1,\ufffd,3", NOT_TEXT),
            (3, '4,"5', OPEN),
            (4, '\ufffd",6', NOT_TEXT),
            (5, ["7", "8", "9"]),
        ],
    ),
    "another number of fields costs its line": (
        '1,2\n1,2,3\n1,2,3,4\n"1",2\n1,2,3,"4"\n1,"2,3"\n1,2,3\n',
        [
            (2, "1,2", "too few fields"),
            (3, ["1", "2", "3"]),
            (4, "1,2,3,4", "too many fields"),
            (5, '"1",2', "too few fields"),
            (6, '1,2,3,"4"', "too many fields"),
            (7, '1,"2,3"', "too few fields"),
            (8, ["1", "2", "3"]),
        ],
    ),
    "a carriage return outside quotes costs its line": (
        '1,\r2,3\n4,"5\r",6\r\r\n7,8\n',
        [
            (2, "1,\r2,3", "a carriage return outside quotes"),
            (3, ["4", "5\r", "6"]),
            (4, "7,8", "too few fields"),
        ],
    ),
    "text after a closing quote costs its line": (
        '1,"2"x,3\n4,"5,6" ,7\n8,"9"" ",\n',
        [
            (2, '1,"2"x,3', "text after a closing quote"),
            (3, ["4", "5,6", "7"]),
            (4, ["8", '9" ', None]),
        ],
    ),
    "long lines are records": (
        f'1,2,{LONG}\n4,"{LONG}",6\n7,8,9\n',
        [(2, ["1", "2", LONG]), (3, ["4", LONG, "6"]), (4, ["7", "8", "9"])],
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records(name):
    content, expected = RECORDS[name]
    assert records(content) == expected


def test_without_quoting_a_quote_is_a_character_and_a_record_is_a_line():
    content = '1\t 5" \t3\n"1\t"2"x\t"\n\t\t\n1\t"2\n3"\t4\n1\t\r\t3\n\t\n'
    assert records(content, 3, UNQUOTED) == [
        (2, ["1", ' 5" ', "3"]),
        (3, ['"1', '"2"x', '"']),
        (4, [None, None, None]),
        (5, '1\t"2', "too few fields"),
        (6, '3"\t4', "too few fields"),
        (7, "1\t\r\t3", "a carriage return outside quotes"),
        (8, "\t", "too few fields"),
    ]


SHORT_RECORDS = {
    "its field is missing": ('"Sum"', ["Sum", None, None, None]),
    "its field is empty": ("Sum;", ["Sum", None, None, None]),
    "its field is blank": ("Sum; ;120,00", ["Sum", " ", "120,00", None]),
    "its field is blank, in quotes": ('Sum;" ";1', ["Sum", " ", "1", None]),
    "its field has a value": ("Sum;A-1;1", "too few fields"),
    "it has too many fields": ("Sum;;3;4;5", "too many fields"),
    "it has all fields": ("Sum;A-1;1;", ["Sum", "A-1", "1", None]),
}


@pytest.mark.parametrize("name", SHORT_RECORDS)
def test_a_record_may_be_short_without_a_field(name):
    line, expected = SHORT_RECORDS[name]
    content = f"1;A;3;4\n{line}\n"
    first, second = records(content, 4, Dialect(";", short_without=1))
    assert first == (2, ["1", "A", "3", "4"])
    assert second[-1] == expected


def test_a_short_record_does_not_continue_over_lines():
    dialect = Dialect(";", short_without=1)
    first, second = records('Sum;;"1\nSum;;2"\n', 4, dialect)
    assert first == (2, 'Sum;;"1', OPEN)
    assert second == (3, ["Sum", None, '2"', None])


def test_a_line_of_a_text_is_no_short_record():
    dialect = Dialect(short_without=2)
    assert records('1,"two\n \nlines",3\n', 3, dialect) == [
        (2, ["1", "two\n \nlines", "3"])
    ]


def test_a_record_over_very_many_lines_is_taken_for_an_open_quote():
    breaks = "x\n" * (MOST_LINES + 1)
    found = records(f'1,"{breaks}",3\n4,5,6\n')
    assert found[0] == (2, '1,"x', OPEN)
    assert found[-1] == (MOST_LINES + 4, ["4", "5", "6"])
    assert len(records(f'1,"{breaks[2:]}",3\n4,5,6\n')) == 2


def test_a_record_over_as_many_lines_may_end_in_the_next_block():
    reader = Reader(3, STANDARD, 2)
    table, malformed = reader.divide(b'1,"x\n' + b"x\n" * (MOST_LINES - 1))
    assert (len(table), malformed, reader.number) == (0, [], 2)
    table, malformed = reader.divide(b'",3\n4,5,6\n')
    assert (table["number"].to_pylist(), malformed) == ([2, MOST_LINES + 3], [])


@pytest.mark.parametrize(
    ("lines", "is_certain"),
    [
        ('"1","","a ""b"", c"\nä,"",\n', True),
        ('1,2" x 3",3\n1,2,3\n', True),
        ('1,2,3\n"1" ,2,3\n', False),
        ("1,2,3\n\n", False),
    ],
)
def test_quotes_around_fields_do_not_make_lines_doubtful(lines, is_certain):
    assert Reader(3).is_certain(lines.encode()) == is_certain


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
    bounds = replace(UNBOUNDED, lines=1)
    reader = Reader(2, first_line=9)
    [(table, _), _] = reader.tables(io.BytesIO(b"1,2\n"), bounds)
    assert table["number"].to_pylist() == [9]
    reader = Reader(2, first_line=9)
    with pytest.raises(UnusableFileError, match="more than 1 lines"):
        list(reader.tables(io.BytesIO(b"1,2\n\n"), bounds))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('a,  "b, c"  ,d', ["a", "b, c", "d"]),
        ('   "a"\n \n', ["a"]),
        (',   ","', [None, ","]),
        ('a,   "b",', ["a", "b", None]),
        ('a "  "b,  c,"d   ""e"', ['a "  "b', "  c", 'd   "e']),
        ('  a  "b"', ['  a  "b"']),
        ('1,5" x 3",3', ["1", '5" x 3"', "3"]),
        ('"", ,""""', ["", " ", '"']),
        ('"a""","""b",""""""', ['a"', '"b', '""']),
        ("\ufeffa,NULL,nan", ["\ufeffa", "NULL", "nan"]),
        ("\0,\\,'a", ["\0", "\\", "'a"]),
    ],
)
def test_values(text, values):
    """Blanks around quotes are no part of a value; all others are."""
    assert records(text, len(values)) == [(2, values)]


FIELD = st.characters(codec="utf-8", exclude_characters="\r\n")


@settings(max_examples=50)
@given(st.lists(st.lists(st.text(FIELD, max_size=8), min_size=3, max_size=3)))
def test_what_a_csv_writer_writes_comes_back(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    expected = []
    for number, row in enumerate(rows, 2):
        expected.append((number, [value or None for value in row]))
    assert records(text.getvalue()) == expected


class CarefulReader(Reader):
    """Reads every line one by one."""

    def is_certain(self, lines):
        return False


def divided(reader, lines):
    """The records of whole lines by number: values, or `Record` if malformed."""
    found = []
    for block in (lines, END):
        table, malformed = reader.divide(block)
        for record in malformed:
            found.append((record.number, record))
        for row in table.to_pylist():
            found.append((row.pop("number"), list(row.values())))
    return sorted(found, key=itemgetter(0))


FAULTY = [
    *["1,2,3\n", "ä,,\n", '"1","2,","3"\n', '"1""","","""3"\n'] * 2,
    *["\n", "\r\n", ",", '"', '""', '","', "x"] * 2,
    *[" ", "\r", "\t", "\ufeff", "\udcff", "1,2\n", '"1",2,3,4\n', '1,"2\n3",4\n'],
    *['1, "2" ,3\n', "Sum\n", ',"2\n', ' "', '" '],
]
"""Parts of files that are likely to be wrong; half of a surrogate pair is a byte that is not UTF-8."""
DIALECTS = [STANDARD, Dialect(quoting="none"), Dialect(short_without=1)]


FILES = given(
    st.lists(st.sampled_from(FAULTY), min_size=1, max_size=30),
    st.sampled_from(DIALECTS),
    st.integers(2, 4),
)


@settings(max_examples=200)
@FILES
def test_lines_that_are_read_together_are_read_as_one_by_one(parts, dialect, fields):
    assert_equal_ways(parts, dialect, fields)


@pytest.mark.slow
@settings(max_examples=2_000)
@FILES
def test_both_ways_agree_on_many_files(parts, dialect, fields):
    assert_equal_ways(parts, dialect, fields)


def assert_equal_ways(parts, dialect, fields):
    lines = "".join([*parts, "\n"]).encode("utf-8", "surrogateescape")
    together = divided(Reader(fields, dialect, 2), lines)
    one_by_one = divided(CarefulReader(fields, dialect, 2), lines)
    assert together == one_by_one


@given(st.text(alphabet='a,"\n ', max_size=80))
def test_every_line_is_in_exactly_one_record(text):
    lines = []
    for number, content, *_ in records(text):
        texts = content if isinstance(content, list) else [content]
        breaks = "".join(filter(None, texts)).count("\n")
        lines += range(number, number + breaks + 1)
    expected = []
    for number, line in enumerate(text.split("\n"), 2):
        if line.strip() or number in lines:
            expected.append(number)
    assert lines == expected


@given(st.text(alphabet='a,"\n\r ü', max_size=80), st.integers(1, 40))
def test_the_blocks_that_a_file_is_read_in_change_nothing(text, size):
    text = text.replace("ü", "1,2,3\n")
    expected = records(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_blocks, "BLOCK", size)
        assert records(text) == expected
