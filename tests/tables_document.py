"""The tables in docs/QUERIES.md, which `make tables ARGS='--into docs/QUERIES.md'` writes."""

import re
import sys
from pathlib import Path

from ecommerce.cli.tables import FOR_ANALYSTS, column_type, described
from tests.settings import settings_of

BEGIN = "<!-- Written by make tables ARGS='--into docs/QUERIES.md' -->"
END = "<!-- End of the tables -->"
KEY = {"CUSTOMER_HASH_KEY": "not in any statement"}
FILTER = re.compile(
    r"^PARTITION BY (?P<column>\w+)(?s:.*)require_partition_filter = TRUE", re.MULTILINE
)


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
        filtered = FILTER.search(table.declaration)
        must = f" A query must filter by `{filtered['column']}`." if filtered else ""
        lines += [f"#### {name}", "", f"{table.description}{must}", ""]
        lines += ["| column | type | description |", "|---|---|---|"]
        for column in table.columns:
            lines.append(
                f"| `{column.name}` | {_cell(column_type(column))} | {_cell(column.description)} |"
            )
        lines.append("")
    return "\n".join(["", *lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
