"""Columns of rows that are dictionaries, as tests compare them."""


def column_of(rows, name):
    """The values of a column."""
    return [row[name] for row in rows]


def columns_of(rows, *names):
    """The values of columns, a tuple for each row."""
    return [tuple(row[name] for name in names) for row in rows]


def column_by(rows, key, name):
    """The values of a column by those of another."""
    return {row[key]: row[name] for row in rows}
