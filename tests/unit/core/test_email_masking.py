"""What is taken for an e-mail address, in Python; test_values.py asks DuckDB the same."""

import re

import pytest

from ecommerce.core.email_masking import mask_e_mails, safe_id, without_controls
from ecommerce.core.text import inert

KEY = "a key of at least sixteen characters"
ADDRESSES = [
    ("asked by Ann.Smith+shop@example.co.uk, twice", "asked by <e-mail>, twice"),
    ('O1,"Ann",ann@example.com,2', 'O1,"Ann",<e-mail>,2'),
    ('{"a":"ann@example.com","b":1}', '{"a":"<e-mail>","b":1}'),
    ("<ann@example.com>;bob%40example.com", "<<e-mail>>;<e-mail>"),
    ("ann@1und1.example", "<e-mail>"),
    ("jürgen@müller.example", "<e-mail>"),
    (
        "https://shop.example/?by=ann%2540example.com&n=1",
        "https://shop.example/?by=<e-mail>&n=1",
    ),
    ("?by=ann%40example%2Ecom&n=1", "?by=<e-mail>&n=1"),
    ("?by=ann%40m%C3%BCller%252eexample", "?by=<e-mail>"),
    ('"ann smith"@example.com', "<e-mail>"),
    ('{"a":"\\"ann smith\\"@example.com","b":1}', '{"a":"\\<e-mail>","b":1}'),
    ('C9,"""ann smith""@example.com",US', 'C9,"<e-mail>",US'),
    ("ann\N{FULLWIDTH COMMERCIAL AT}example.com", "<e-mail>"),
    ("ann@example\N{IDEOGRAPHIC FULL STOP}com", "<e-mail>"),
    ("ann&#64;example.com, ann&#x40;example.com", "<e-mail>, <e-mail>"),
    ("a&#110;n&#64;ex&#97;mple&#46;c&#111;m", "<e-mail>"),
    ("ann&commat;example&period;com", "<e-mail>"),
    ('{"a":"ann\\u0040m\\u00fcller.example"}', '{"a":"<e-mail>"}'),
    ("asked by ann @ example.com, twice", "asked by <e-mail>, twice"),
    ("ann (at) example.com", "<e-mail>"),
    ("ann[AT]mail.example.com", "<e-mail>"),
    ("ann(at)example (dot) com.", "<e-mail>."),
    ("root@localhost, ann@localhost.localdomain", "<e-mail>, <e-mail>"),
    ("ann@[10.0.0.1] ann@[IPv6:fe80::1]", "<e-mail> <e-mail>"),
    (r"ann\@example.com", "<e-mail>"),
    ('{"a":"ann\\\\@example.com"}', '{"a":"<e-mail>"}'),
]
"""Texts with an address, and how they are masked."""
NO_ADDRESSES = [
    "no address",
    "2 @ 5.00",
    "2@5.00",
    "6 pieces @5.00 each",
    "3 @ $5.99",
    "Lunch @ Tiffany",
    "@shop",
    "follow @shop and @you",
    "MUG@2",
    "A@1.5mm",
    "MUG@BLUE",
    "WEB-1001",
    "100% cotton",
    "5%40",
    "Tea & Biscuits",
    "&#64; sign",
    '{"a":"","b":"@shop"}',
    'a "Mug" "@shop"',
    '<a title="x" href="@shop.example">',
    "Fish &amp; Chips &#40;2.50&#41;",
    r"C:\u0040.txt",
    "MUG@localhostel",
    "MUG@[10.5]",
    "Lunch @ St.Moritz",
    "Mug (at) home",
    "3 @ 4.50ea",
    "Tea (at cost)",
    "ann at example dot com",
    "MUG\N{FULLWIDTH COMMERCIAL AT}BLUE",
    "2&#64;5.00",
    "5%40%2E50",
]


@pytest.mark.parametrize(
    ("text", "masked"), [*ADDRESSES, *((text, text) for text in NO_ADDRESSES)]
)
def test_addresses_are_masked_and_nothing_else_is(text, masked):
    assert mask_e_mails(text) == masked
    # A long text is masked in pieces.
    long = 1000 * "long text, "
    assert mask_e_mails(long + text) == long + masked


def test_a_long_text_of_parts_of_an_address_is_masked():
    parts = ["a%2E", "%40", "%40a.", '"', "&#64;", "\\u0040", "a@", "a @ ", "a (at) b"]
    for part in parts:
        masked = mask_e_mails(f"x@{20_000 * part}1 ann@example.com \ud800")
        assert masked.endswith(" <e-mail> ?")


def test_ids_with_an_address_stay_apart_and_the_same():
    safe_ids = set()
    for text in ("ann@example.com", "ann%40example.com", "order of ann@example.com"):
        safe = safe_id(text, KEY)
        assert re.fullmatch("e-mail-.{32}", safe)
        assert safe_id(safe, KEY) == safe
        assert safe_id(text, "another key of sixteen") != safe
        safe_ids.add(safe)
    assert len(safe_ids) == 3


DIFFERENT_IDS = [
    "1001",
    "01001",
    "1001.0",
    "1,001",
    "1 001",
    "A-17/b",
    "a-17/b",
    "Ä 1",
    "2@5",
    "@7",
    "MUG@BLUE",
    "5'",
    "it's",
    "'1001'",
    "=1001",
    "\uff11\uff10\uff10\uff11",
]
SPELLINGS = [
    " 1001 ",
    "\t1001\r\n",
    "1001\u00a0",
    "\u20071001\u3000",
    "\ufeff1001",
    "\ufeff\ufeff 1001",
    "10\u200b01\u200d",
    "\u200c1001\u2060",
    "10\u00ad01",
    "\u200e1001\u202c",
    "1001\u2028",
    "\x0010\x0701",
    '="1001"',
    ' =" 1001 " ',
    "'1001",
    "\ufeff'1001\u00a0",
]
"""All of 1001."""


SAFE_IDS = dict.fromkeys(SPELLINGS, "1001") | {text: text for text in DIFFERENT_IDS}
SAFE_IDS |= dict.fromkeys(["\u00a0", "\ufeff", '=""', " \u200b "], "")
SAFE_IDS |= {"A\u00a01": "A 1", "A\t1": "A 1", "x" * 200: "x" * 200}


@pytest.mark.parametrize("text", SAFE_IDS, ids=ascii)
def test_an_id_is_without_what_people_do_not_see_and_otherwise_as_it_is(text):
    assert safe_id(text, KEY) == SAFE_IDS[text]


def test_a_long_id_is_hashed():
    assert safe_id("x" * 201, KEY).startswith("long-")


def test_control_characters_are_removed():
    assert without_controls("A\0B\x07\tC\nD\x85") == "AB\tC\nD"
    assert safe_id("A\x001", KEY) == "A1"
    assert inert("Mu\0g") == "Mug"
    assert inert("\0=1+1") == "'=1+1"


FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"
BLANKS = (" =", "\xa0=", "\u2028=")


@pytest.mark.parametrize("first", [*"=+-@\t\r\n", *FULL_WIDTH, *BLANKS])
def test_a_cell_that_a_spreadsheet_takes_for_a_formula_begins_with_an_apostrophe(first):
    assert inert(f"{first}1+1") == f"'{first}1+1"
    assert inert(f"1{first}1") == f"1{first}1"
