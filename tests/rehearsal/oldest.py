"""The tables of the oldest version that `make migrate` updates."""

import re
from pathlib import Path

import yaml

COLUMNS = yaml.safe_load(Path(__file__).with_name("version_1_0_0.yaml").read_text())
"""The columns of each table, in order."""
COLUMN = re.compile(r"    `?(\w+)`? [A-Z].*")
"""A line of a `table.sql`."""


def older_table(table, ddl):
    """Return the statement that creates a table with its older columns."""
    before = []
    columns = []
    after = []
    for line in ddl.splitlines():
        name = COLUMN.fullmatch(line)
        if name is None:
            (after if columns else before).append(line)
        elif name[1] in COLUMNS[table]:
            columns.append(line.rstrip(","))
    return "\n".join([*before, ",\n".join(columns), *after])
