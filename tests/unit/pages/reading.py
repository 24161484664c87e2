"""What a page says, row by row."""

import re
from html import unescape


def text_of(html: str) -> str:
    """The words of a piece of HTML on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def row(page: str, begins: str) -> str:
    """The words of the first row of a table whose first cell is `begins`."""
    rows = [text_of(found) for found in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)]
    return next(each for each in rows if each.startswith(begins))


def cell(page: str, day: int) -> str:
    """The words of the calendar's cell of a day."""
    month = page.partition('<table class="month">')[2].partition("</table>")[0]
    cells = [text_of(found) for found in re.findall(r"<td.*?</td>", month, re.DOTALL)]
    return next(each for each in cells if each.split()[:1] == [str(day)])


def part(page: str, section: str) -> str:
    """The words of the section with an id."""
    return text_of(
        page.partition(f'<section id="{section}"')[2].partition("</section>")[0]
    )
