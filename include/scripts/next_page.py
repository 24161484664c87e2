"""Find the next page of the catalogue and write the request for it; used by fetch_catalogue.sh.

`next_page.py FOLDER NUMBER` reads page NUMBER in FOLDER (0: the file `start`). If another page follows, it
writes `page-<number>.url` and `page-<number>.request`, a curl configuration. The next page must have the same
scheme, host and port and must not have been read before. Environment: CATALOGUE_NEXT, the path of the next
page's URL within the JSON, and CATALOGUE_MOST_PAGES.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

ALLOWED = "!#$%&'()*+,/:;=?@[]~"
"""Characters of a URL that are not escaped, besides letters and digits."""


class Refused(Exception):
    """A page is invalid; the message is one sentence."""


def main(folder: Path, number: int) -> None:
    """Write the request for the page after page `number`, if there is one."""
    if number:
        page = folder / f"page-{number:04d}"
        url = page.with_suffix(".url").read_text()
        following = _next(page.with_suffix(".json"), url, number)
    else:
        url = following = (folder / "start").read_text()
    if not following:
        return
    visited = [each.read_text() for each in sorted(folder.glob("page-*.url"))]
    if _origin(following) != _origin(url):
        raise Refused(
            f"the next page in page {number} is on another host ({urlsplit(following).netloc}), "
            "which is not followed"
        )
    if following in visited:
        raise Refused(
            f"the next page in page {number} is page {visited.index(following) + 1} again"
        )
    if number >= (most := int(os.environ["CATALOGUE_MOST_PAGES"])):
        raise Refused(f"there are more than {most} pages")
    page = folder / f"page-{number + 1:04d}"
    page.with_suffix(".url").write_text(following)
    page.with_suffix(".request").write_text(f"url = {_quoted(following)}\n")


def _next(path: Path, url: str, number: int) -> str:
    """Return the URL of the next page; empty after the last one."""
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        start = " ".join(path.read_bytes()[:200].decode("utf-8", "replace").split())[
            :80
        ]
        start = re.sub(r"\S+@\S+", "<e-mail>", start)
        raise Refused(f"page {number} is not JSON, it begins with {start!r}") from None
    for name in os.environ["CATALOGUE_NEXT"].split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is not None and not isinstance(value, str):
        raise Refused(
            f"page {number}: {os.environ['CATALOGUE_NEXT']} is neither a URL nor null"
        )
    try:
        found = quote(urljoin(url, value.strip()), safe=ALLOWED) if value else ""
        _origin(found)
    except ValueError:
        raise Refused(
            f"page {number}: {os.environ['CATALOGUE_NEXT']} is not a URL"
        ) from None
    return found


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return (
        parts.scheme,
        parts.hostname,
        parts.port or {"http": 80, "https": 443}.get(parts.scheme),
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]))
    except Refused as refused:
        Path(sys.argv[1], "problem").write_text(f"contract\n{refused}\n")
        print(refused, file=sys.stderr)
        sys.exit(1)
