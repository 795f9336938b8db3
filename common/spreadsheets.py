"""CSV that a spreadsheet opens without taking anybody's text for a formula.

A cell that begins like one gets an apostrophe in front, as people write it themselves.
Every file that Quayside lets people download goes through here.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

# Full-width signs are taken for the plain ones by some spreadsheets.
_SIGNS = "=+@\t\r\n\uff1d\uff0b\uff0d\uff20-"
_FORMULA = re.compile(f"'*[{_SIGNS}]")
_NEUTRALISED = re.compile(f"'+[{_SIGNS}]")


def neutralise(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """What `neutralise` was given."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def write_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as lines of a CSV file in UTF-8. Half a surrogate pair becomes a question mark."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([neutralise(str(cell)) for cell in row] for row in rows)
    return text.getvalue().encode(errors="replace")
