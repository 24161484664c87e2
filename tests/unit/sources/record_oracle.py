"""The records of delivered CSV lines, read letter by letter: the rules of `sources/csv_records.py`, written a
second time.

A record with the wrong number of fields, a quote that is not closed, or text around quotes costs its first
line. A record continues over lines only if none of the later ones is a record of its own.
"""

from ecommerce.sources.csv_records import MOST_LINES

NOT_TEXT = "bytes that are not in the file's encoding"
OPEN = "a quote that is not closed"
CARRIAGE_RETURN = "a carriage return outside quotes"
AFTER_QUOTE = "text after a closing quote"


def records(lines, fields, dialect):
    """Number, values or text and fault of the records in the lines after a header."""
    blanks = " \t\v\f\r".replace(dialect.delimiter, "")
    found = []
    place = 0
    while place < len(lines):
        count = 1
        if lines[place].strip(blanks):
            following = lines[place : place + MOST_LINES + 1]
            result, count = record_at(following, fields, dialect)
            facts = [result]
            if isinstance(result, str):
                facts = [lines[place].rstrip("\r"), result]
            found.append((place + 2, *facts))
        place += count
    return found


def record_at(lines, fields, dialect):
    """The values of the record that begins with the first line, or its fault; and the number of its lines."""
    result = judged(lines[0], fields, dialect)
    if result == "too few fields":
        return padded(lines[0], fields, dialect), 1
    if result != OPEN:
        return result, 1
    text = lines[0]
    for count, line in enumerate(lines[1:], 2):
        if isinstance(judged(line, fields, dialect), list):
            break
        text = f"{text}\n{line}".rstrip("\r")
        joined = judged(text, fields, dialect)
        if isinstance(joined, list):
            return joined, count
        if joined != OPEN:
            break
    return OPEN, 1


def padded(line, fields, dialect):
    """The values of a record with too few fields, if it lacks the field without which it may."""
    values = values_of(line, dialect)
    values += [None] * (fields - len(values))
    place = dialect.short_without
    if place is None or (values[place] or "").strip('" '):
        return "too few fields"
    return values


def judged(line, fields, dialect):
    """The values of a text, or its fault."""
    values = values_of(line, dialect)
    if isinstance(values, str) or len(values) == fields:
        return values
    return "too few fields" if len(values) < fields else "too many fields"


def values_of(text, dialect):
    """The values of a text, however many, or its fault. Blanks around quotes are no part of a value."""
    text = text.rstrip("\r")
    if any("\udc80" <= letter <= "\udcff" for letter in text):
        return NOT_TEXT
    fault = CARRIAGE_RETURN if "\r" in text else AFTER_QUOTE
    values = []
    rest = text
    separator = dialect.delimiter
    while separator:
        value, separator, following = rest.partition(dialect.delimiter)
        begin = rest.lstrip(" ")
        if dialect.quoting == "standard" and begin.startswith('"'):
            value, following = quoted(begin[1:])
            if following is None:
                return OPEN
            between, separator, following = following.partition(dialect.delimiter)
            if between.strip(" "):
                return fault
        elif "\r" in value:
            return fault
        else:
            value = value or None
        values.append(value)
        rest = following
    return values


def quoted(text):
    """The value up to the closing quote, and what follows it; None where there is none."""
    value = ""
    while True:
        part, quote, rest = text.partition('"')
        value += part
        if not quote:
            return value, None
        if not rest.startswith('"'):
            return value, rest
        value += '"'
        text = rest[1:]
