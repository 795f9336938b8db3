import csv
from io import StringIO

import pytest

from common.spreadsheets import neutralise, restore, write_csv

FORMULAS = [
    "=1",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "\n=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(cell):
    assert neutralise(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "x", "1-1", "'x", " =1", "ana@example.com"])
def test_other_text_is_left_alone(cell):
    assert neutralise(cell) == cell


@pytest.mark.parametrize("cell", [*FORMULAS, "'=1", "''+1", "'", "'x", "", "x"])
def test_restoring_gives_back_what_was_neutralised(cell):
    assert restore(neutralise(cell)) == cell


def test_rows_come_out_as_csv_whatever_is_in_them():
    content = write_csv([["a,b", 'c"d', "e\nf"], [1, "=2", "\ud800"]]).decode()

    assert list(csv.reader(StringIO(content, newline=""))) == [
        ["a,b", 'c"d', "e\nf"],
        ["1", "'=2", "?"],
    ]
