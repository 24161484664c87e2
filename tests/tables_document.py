"""The tables in docs/QUERIES.md, which `make tables ARGS='--into docs/QUERIES.md'` writes."""

import sys
from pathlib import Path

from ecommerce.cli.tables import FOR_ANALYSTS, column_type, described
from tests.settings import settings_of

BEGIN = "<!-- Written by make tables ARGS='--into docs/QUERIES.md' -->"
END = "<!-- End of the tables -->"
KEY = {"CUSTOMER_HASH_KEY": "not in any statement"}


def main(into: Path) -> None:
    """Write the list between `BEGIN` and `END` of a document."""
    before, _, rest = into.read_text().partition(BEGIN)
    into.write_text(f"{before}{BEGIN}\n{markdown()}{END}{rest.partition(END)[2]}")


def markdown() -> str:
    """Return all tables as Markdown, those `FOR_ANALYSTS` first, without this machine's settings."""
    known = {table.name: table for table in described(settings_of(KEY))}
    own = [name for name in known if name not in FOR_ANALYSTS]
    lines = []
    for title, names in (
        ("Tables to query", FOR_ANALYSTS),
        ("The pipeline's own tables", own),
    ):
        lines += [f"### {title}", "", "| table | rows |", "|---|---|"]
        lines += [
            f"| [{name}](#{name}) | {_cell(known[name].description)} |"
            for name in names
        ]
        lines.append("")
    for name, table in known.items():
        lines += [f"#### {name}", "", description(table), ""]
        lines += ["| column | type | description |", "|---|---|---|"]
        for column in table.columns:
            lines.append(
                f"| `{column.name}` | {_cell(column_type(column))} | {_cell(column.description)} |"
            )
        lines.append("")
    return "\n".join(["", *lines, ""])


def required_filter(table):
    """Return the column that a query of the table must filter by; None where it need not."""
    return table.partitioned_by if table.requires_filter else None


def description(table):
    """Return the description of a table, with the filter that it requires."""
    column = required_filter(table)
    if column is None:
        return table.description
    return f"{table.description} A query must filter by `{column}`."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
