import re
from collections.abc import Callable

import pytest

from helpers.cleaning.workbooks import sheet_scan
from helpers.cleaning.workbooks.sheet_rewriting import rewritten
from helpers.cleaning.workbooks.sheet_scan import Scan, scan_sheet, typed_cells
from helpers.cleaning.workbooks.workbook_kinds import UnreadableWorkbook

PLAIN = (
    '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="u">'
    '<cols><col min="2" max="3" hidden="1"/></cols><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c>'
    '<c r="B1" s="1"><v>0.5</v></c><c r="C1" s="1"/></row>'
    '<row r="3" hidden="1"><c r="A3"><f>SUM(B1:B1)</f></c><c r="B3" s="1"><f>B1</f><v>0.5</v></c>'
    '<c r="D3" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="E3" t="s"><v>0</v></c><c r="F3" t="b"><v>1</v></c>'
    '<c r="G3" t="str"><f>""</f><v></v></c><c r="H3"><f t="shared" si="0"/><v/></c></row></sheetData></worksheet>'
)
EXPECTED = Scan(
    typed_count=3,
    uncalculated=frozenset({(3, 1), (3, 8)}),
    errors={(3, 4): "#DIV/0!"},
    percents=frozenset({(1, 2), (3, 2)}),
    hidden_rows=frozenset({3}),
    hidden_columns=frozenset({2, 3}),
    last_row=250_000,
    last_column=8,
)


def prefixed(xml: str) -> str:
    return re.sub(r"<(/?)(?=[a-z])", r"<\1x:", xml).replace("xmlns=", "xmlns:x=")


SHAPES: dict[str, Callable[[str], str]] = {
    "prefixes": prefixed,
    "line breaks": lambda xml: xml.replace("><", ">\n  <"),
    "a comment": lambda xml: xml.replace("<row", '<!-- <c r="Z9"><v>5</v></c> --><row', 1),
    "marked text": lambda xml: xml.replace(">0.5<", "><![CDATA[0.5]]><"),
    "other quotes": lambda xml: re.sub(r'="([^"]*)"', r"='\1'", xml),
    "spaces": lambda xml: xml.replace('r="B1"', ' r = "B1" ').replace("<v>1</v>", "<v > 1 </v >"),
    "other order": lambda xml: xml.replace('r="D3" t="e"', 't="e" r="D3" cm="1"'),
    "no places": lambda xml: xml.replace(' r="A1"', "").replace(' r="B1"', "").replace('<row r="1"', "<row"),
    "spaces at ends": lambda xml: xml.replace("/>", " />"),
}


def test_the_usual_shape_is_searched_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_scan, "rewritten", None)
    assert scan_sheet(PLAIN.encode(), frozenset({1})) == EXPECTED
    assert scan_sheet(SHAPES["spaces at ends"](PLAIN).encode(), frozenset({1})) == EXPECTED


@pytest.mark.parametrize("shape", SHAPES)
def test_every_other_shape_says_the_same(shape: str) -> None:
    xml = SHAPES[shape](PLAIN)
    assert xml != PLAIN
    assert scan_sheet(xml.encode(), frozenset({1})) == EXPECTED
    assert typed_cells(xml.encode()) == [((1, 2), "0.5"), ((3, 2), "0.5"), ((3, 6), "1")]


def test_utf_16_says_the_same() -> None:
    assert scan_sheet(PLAIN.replace("UTF-8", "UTF-16").encode("utf-16"), frozenset({1})) == EXPECTED


def test_what_is_rewritten_stays_as_it_is() -> None:
    once = rewritten(PLAIN.encode())
    assert rewritten(once) == once


def test_the_last_row_is_exact_where_it_matters() -> None:
    far = PLAIN.replace('r="F3"', 'r="F900000"')
    assert scan_sheet(far.encode()).last_row == 900_000
    blank = PLAIN.replace('<c r="C1" s="1"/>', '<c r="C900000" s="1"/>')
    assert scan_sheet(blank.encode()).last_row == 3


@pytest.mark.parametrize("name", ["a1", "$A$1", "1", "A0"])
def test_a_cell_with_an_impossible_name_is_refused(name: str) -> None:
    with pytest.raises(UnreadableWorkbook, match="has a name that Excel does not know"):
        scan_sheet(PLAIN.replace('r="B1"', f'r="{name}"').encode())
