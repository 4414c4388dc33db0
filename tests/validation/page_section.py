"""A section of docs/validation.md that a command writes, between two marks of its own."""

from pathlib import Path

from helpers.paths import written_beside


def write_section(path: Path, begin: str, end: str, text: str) -> None:
    """Write a section into a page in place of the former one, or at its end; make the page if there is none."""
    section = f"{begin}\n\n{text}\n{end}\n"
    page = path.read_text(encoding="utf-8") if path.is_file() else "# Validation\n"
    if begin in page and end in page:
        page = page[: page.index(begin)] + section + page[page.index(end) + len(end) + 1 :]
    else:
        page = f"{page.rstrip()}\n\n{section}"
    with written_beside(path) as beside:
        beside.write_text(page, encoding="utf-8")
