"""A sheet's XML, written again in the one shape that `helpers.cleaning.workbooks.sheet_scan` searches."""

from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from helpers.cleaning.workbooks.cell_names import cell_name, cell_position
from helpers.cleaning.workbooks.workbook_archive import local, parse_xml

_KEPT = {
    "worksheet": (), "row": ("r", "hidden"), "c": ("r", "s", "t"), "f": (), "v": (), "is": (),
    "col": ("min", "max", "hidden"),
}  # fmt: skip
"""What is left of a sheet that is rewritten."""


def rewritten(data: bytes) -> bytes:
    """Return a sheet's XML in the shape that is searched: names without prefix, cells with their place, UTF-8.

    Examples
    --------
    >>> rewritten(b"<x:worksheet xmlns:x='u'><x:row r='7'> <x:c t='n'> <x:v>5</x:v> </x:c></x:row></x:worksheet>")
    b'<worksheet><row r="7"><c r="A7" t="n"><v>5</v></c></row></worksheet>'
    """
    writer = _Rewriter()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = writer.start, writer.end
    parser.CharacterDataHandler = writer.text
    parse_xml(parser, data)
    return "".join(writer.parts).encode()


class _Rewriter:
    """What is heard of a sheet's XML, written down again in the one shape."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._row, self._column, self._open = 0, 0, ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = self._open = local(name)
        given = {local(key): value for key, value in attributes.items() if local(key) in _KEPT.get(name, ())}
        if name == "row":
            self._row, self._column = int(given.get("r", self._row + 1)), 0
            given["r"] = str(self._row)
        elif name == "c":
            place = cell_position(given.get("r", "")) or (self._row, self._column + 1)
            self._column = place[1]
            given = {"r": given.get("r") or cell_name(place)} | {k: given[k] for k in ("s", "t") if k in given}
        if name in _KEPT:
            self.parts.append(f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in given.items())}>")

    def end(self, name: str) -> None:
        self._open = ""
        if local(name) in _KEPT:
            self.parts.append(f"</{local(name)}>")

    def text(self, text: str) -> None:
        if self._open in ("v", "f"):
            self.parts.append(escape(text.strip()))
