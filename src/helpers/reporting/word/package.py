"""A Word file as bytes: without what differs from one writing to the next, and without what nobody asked for."""

import io
import zipfile

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE

from helpers.paths import dateless_zip

FIRST_PARTS = ("[Content_Types].xml", "_rels/.rels")
SPARE = (
    RELATIONSHIP_TYPE.THUMBNAIL,
    RELATIONSHIP_TYPE.EXTENDED_PROPERTIES,
    RELATIONSHIP_TYPE.CUSTOM_XML,
    RELATIONSHIP_TYPE.WEB_SETTINGS,
    "http://schemas.microsoft.com/office/2007/relationships/stylesWithEffects",
)
"""Kinds of parts that the library's blank document brings along and that say something untrue or nothing."""


def packed(document: Document) -> bytes:
    """Return a document as the bytes of a .docx file: the same for the same document, with no date anywhere."""
    _leave_out_spare_parts(document)
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as found:
        parts = {name: found.read(name) for name in found.namelist()}
    return dateless_zip({name: parts[name] for name in sorted(parts, key=_place)})


def _leave_out_spare_parts(document: Document) -> None:
    for relations in (document.part.package.rels, document.part.rels):
        for name in [name for name, relation in relations.items() if relation.reltype in SPARE]:
            del relations[name]


def _place(name: str) -> tuple[int, str]:
    return (FIRST_PARTS.index(name) if name in FIRST_PARTS else len(FIRST_PARTS), name)
