"""Hold the catalogues of messages against the texts that the code says, or add what is missing.

python tools/messages.py             fails, naming each text that a catalogue lacks, has unfinished or no longer needs
python tools/messages.py --update    adds the missing texts, untranslated, in their order
python tools/messages.py --prune     takes out the texts that no code says any more
"""

import ast
import string
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import escape, read_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
LOCALE_FOLDER = SOURCE / "helpers" / "locale"
CATALOGUE = Path("LC_MESSAGES") / "messages.po"
DOOR = "helpers.messages"
SPEAKERS = {"say": 1, "say_plural": 2}
"""What says a text, and how many templates it takes."""


@dataclass(frozen=True, order=True)
class Said:
    """A text that the code says: its templates (the second for plurals, else ""), and where it stands."""

    template: str
    plural: str
    place: str


@dataclass(frozen=True)
class Source:
    """What one or more modules say, and what is wrong with how they say it."""

    said: tuple[Said, ...]
    complaints: tuple[str, ...]


def main(arguments: Iterable[str]) -> int:
    """Check the catalogues, update or prune them; return the exit code."""
    wish = next(iter(arguments), "--check")
    source = read_sources(SOURCE)
    complaints = list(source.complaints)
    for path in sorted(LOCALE_FOLDER.glob(f"*/{CATALOGUE.as_posix()}")):
        text = path.read_text(encoding="utf-8")
        if wish == "--update":
            text = updated(text, source.said)
        elif wish == "--prune":
            text = pruned(text, source.said)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8", newline="\n")
        name = path.relative_to(LOCALE_FOLDER).parts[0]
        complaints += [f"{name}: {complaint}" for complaint in catalogue_complaints(text, source.said)]
    for complaint in complaints:
        print(complaint)
    if complaints:
        print("\n--update adds the missing texts; then write their msgstr. --prune takes out those no longer said.")
    return 1 if complaints else 0


def read_sources(folder: Path) -> Source:
    """Return what all modules below a folder say."""
    parts = [
        read_source(path.read_text(encoding="utf-8"), path.relative_to(folder).as_posix())
        for path in sorted(folder.rglob("*.py"))
    ]
    said = tuple(sorted(said for part in parts for said in part.said))
    plurals: dict[str, set[str]] = {}
    for one in said:
        plurals.setdefault(one.template, set()).add(one.plural)
    twice = [f"“{template}” is said with two plurals" for template, forms in plurals.items() if len(forms) > 1]
    return Source(said, (*(complaint for part in parts for complaint in part.complaints), *twice))


def read_source(text: str, name: str) -> Source:
    """Return what one module says; only calls by the names it imported from the messages' door count."""
    tree = ast.parse(text)
    speakers = {
        alias.asname or alias.name: SPEAKERS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == DOOR
        for alias in node.names
        if alias.name in SPEAKERS
    }
    if name == "helpers/messages.py":
        speakers = dict(SPEAKERS)
    said, complaints = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in speakers:
            one = _said(node, speakers[node.func.id], f"{name}:{node.lineno}")
            if one is None:
                complaints.append(f"{name}:{node.lineno}: a template is written out where it is said")
            else:
                said.append(one)
                complaints += _unfilled(node, one)
    return Source(tuple(said), tuple(complaints))


def _said(call: ast.Call, count: int, place: str) -> Said | None:
    templates = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if len(call.args) != count or len(templates) != count:
        return None
    return Said(templates[0], templates[1] if count > 1 else "", place)


def _unfilled(call: ast.Call, said: Said) -> Iterator[str]:
    """Yield what a call gives that its template never asks for, or the other way round."""
    given = {keyword.arg for keyword in call.keywords}
    asked = placeholders(said.plural or said.template)
    if None not in given and given != asked:
        yield f"{said.place}: “{said.template}” asks for {sorted(asked)} and is given {sorted(map(str, given))}"


def placeholders(template: str) -> set[str]:
    """Return the names in a template's braces, each with the format that follows it."""
    fields = string.Formatter().parse(template)
    return {name + (f":{shape}" if shape else "") for _, name, shape, _ in fields if name is not None}


def catalogue_complaints(text: str, said: Iterable[Said]) -> list[str]:
    """Return all that is wrong with a catalogue."""
    catalogue = _parsed(text)
    wanted = {one.template: one for one in sorted(said, reverse=True)}
    entries = _entries(catalogue)
    found = [f"missing: “{template}” ({one.place})" for template, one in wanted.items() if template not in entries]
    found += [f"no longer said: “{template}”" for template in entries if template not in wanted]
    found += [f"left over: “{message.id}”" for message in catalogue.obsolete.values()]
    for template, message in entries.items():
        found += _entry_complaints(template, message)
        if template in wanted and _plural(message) != wanted[template].plural:
            found.append(f"another plural than in {wanted[template].place}: “{template}”")
    if list(entries) != sorted(entries):
        found.append("the entries are not in the order of their msgid; --update sorts them")
    if "Date" in text.partition("\n\n")[0]:
        found.append("the header holds a date, which differs from day to day")
    return found


def _entry_complaints(template: str, message: Message) -> Iterator[str]:
    forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    if message.fuzzy:
        yield f"fuzzy: “{template}”"
    if not forms or not all(forms):
        yield f"not translated: “{template}”"
        return
    if any(form != unicodedata.normalize("NFC", form) for form in forms):
        yield f"not in composed Unicode (NFC): “{template}”"
    asked = placeholders(_plural(message) or template)
    yield from (f"other braces: “{template}” → “{form}”" for form in forms if placeholders(form) != asked)


def updated(text: str, said: Iterable[Said]) -> str:
    """Return a catalogue with an empty translation for every text it lacks."""
    entries = _entries(_parsed(text))
    for one in said:
        if one.template not in entries:
            key = (one.template, one.plural) if one.plural else one.template
            entries[one.template] = Message(key, ("",) if one.plural else "")
    return _written(text, entries)


def pruned(text: str, said: Iterable[Said]) -> str:
    """Return a catalogue without the texts that no code says."""
    kept = {one.template for one in said}
    return _written(text, {key: entry for key, entry in _entries(_parsed(text)).items() if key in kept})


def _parsed(text: str) -> Catalog:
    return read_po(text.splitlines(keepends=True), abort_invalid=True)


def _entries(catalogue: Catalog) -> dict[str, Message]:
    return {
        message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue if message.id
    }


def _plural(message: Message) -> str:
    return "" if isinstance(message.id, str) else message.id[1]


def _written(text: str, entries: Mapping[str, Message]) -> str:
    """Return a catalogue with the header it had and its entries in order, one line each."""
    header = text.partition("\n\n")[0].rstrip("\n")
    blocks = [header, *(_block(key, entries[key]) for key in sorted(entries))]
    return "\n\n".join(blocks) + "\n"


def _block(template: str, message: Message) -> str:
    lines = [f"# {comment}" for comment in message.user_comments]
    lines += ["#, fuzzy"] if message.fuzzy else []
    lines.append(f"msgid {escape(template)}")
    if _plural(message):
        lines.append(f"msgid_plural {escape(_plural(message))}")
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        lines += [f"msgstr[{number}] {escape(form)}" for number, form in enumerate(forms)]
    else:
        lines.append(f"msgstr {escape(message.string or '')}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
