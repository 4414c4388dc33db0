"""Every text that the code says to a clerk has a finished translation, and the check of that sees what it should."""

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

from helpers.paths import project_root

TOOL = project_root() / "tools" / "messages.py"
HEADER = 'msgid ""\nmsgstr ""\n"Language: vi\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n'
CODE = "from helpers.messages import say, say_plural\n"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages_tool", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def entry(template: str, translation: str, comment: str = "") -> str:
    return f'{comment}msgid "{template}"\nmsgstr "{translation}"\n'


def catalogue(*entries: str) -> str:
    return "\n".join((HEADER, *entries))


def test_every_message_is_translated() -> None:
    answer = subprocess.run([sys.executable, str(TOOL)], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


BROKEN = {
    "missing": (catalogue(), "missing: “row {row}”"),
    "not translated": (catalogue(entry("row {row}", "")), "not translated"),
    "fuzzy": (catalogue(entry("row {row}", "dòng {row}", "#, fuzzy\n")), "fuzzy"),
    "other braces": (catalogue(entry("row {row}", "dòng {rwo}")), "other braces"),
    "brace left out": (catalogue(entry("row {row}", "dòng")), "other braces"),
    "no longer said": (catalogue(entry("column", "cột"), entry("row {row}", "dòng {row}")), "no longer said: “column”"),
    "commented out": (catalogue(entry("row {row}", "dòng {row}"), '#~ msgid "old"\n#~ msgstr "cũ"\n'), "left over"),
    "decomposed": (catalogue(entry("row {row}", "do\u0300ng {row}")), "NFC"),
    "date": (
        catalogue(entry("row {row}", "dòng {row}")).replace(
            '"Language', '"PO-Revision-Date: 2026-01-02 03:04+0000\\n"\n"Language'
        ),
        "date",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_a_catalogue_is_named(tool: ModuleType, case: str) -> None:
    text, complaint = BROKEN[case]
    said = tool.read_source(f'{CODE}say("row {{row}}", row=1)', "a.py").said
    found = tool.catalogue_complaints(text, said)
    assert len(found) == 1, found
    assert complaint in found[0]


def test_entries_out_of_order_are_named_and_sorted(tool: ModuleType) -> None:
    said = tool.read_source(f'{CODE}say("a")\nsay("b")', "a.py").said
    text = catalogue(entry("b", "B"), entry("a", "A"))
    assert any("order" in complaint for complaint in tool.catalogue_complaints(text, said))
    assert tool.catalogue_complaints(tool.updated(text, said), said) == []


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ('say(f"row {1}")', "written out"),
        ("say(text)", "written out"),
        ('say("row {row}")', "is given []"),
        ('say("row", row=1)', "is given ['row']"),
        ('say_plural("one", "{count} rows", count=1, row=2)', "is given ['count', 'row']"),
    ],
)
def test_what_cannot_be_translated_is_named_where_it_stands(tool: ModuleType, call: str, complaint: str) -> None:
    (found,) = tool.read_source(f"{CODE}\n{call}", "a.py").complaints
    assert found.startswith("a.py:3: ")
    assert complaint in found


def test_other_functions_of_that_name_are_left_alone(tool: ModuleType) -> None:
    assert tool.read_source('page.say("verdict.none")\n', "a.py").said == ()
    assert tool.read_source('from elsewhere import say\nsay("verdict.none")\n', "a.py").said == ()
    renamed = tool.read_source('from helpers.messages import say as tell\ntell("a " "b")\n', "a.py")
    assert [one.template for one in renamed.said] == ["a b"]


def test_update_adds_and_prune_takes_out_and_both_keep_the_rest(tool: ModuleType) -> None:
    said = tool.read_source(f'{CODE}say("a\\n“b”")\nsay_plural("{{count}} c", "{{count}} cs", count=1)', "a.py").said
    old = catalogue(entry("z", "Z", "# why\n"))
    updated = tool.updated(old, said)
    assert updated.startswith(HEADER)
    assert tool.updated(updated, said) == updated
    assert '# why\nmsgid "z"\nmsgstr "Z"\n' in updated
    assert 'msgid "{count} c"\nmsgid_plural "{count} cs"\nmsgstr[0] ""\n' in updated
    assert 'msgid "z"' not in tool.pruned(updated, said)
    assert 'msgid "a\\n“b”"' in tool.pruned(updated, said)
