"""Every source a docstring names is in docs/references.bib, and nothing stands there unused."""

import ast
import re

from helpers.paths import project_root

KEY = re.compile(r"\b[a-z]+(?:19|20)\d{2}\b")


def docstrings():
    for path in sorted((project_root() / "src" / "helpers").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield ast.get_docstring(node) or ""


def cited_keys():
    lines = [part for text in docstrings() for part in re.findall(r"References:(.*?)(?:\n\n|\Z)", text, re.DOTALL)]
    return {key for line in lines for key in KEY.findall(line)}


def test_cited_keys_resolve():
    bibliography = (project_root() / "docs" / "references.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE))
    cited = cited_keys()
    assert len(cited) >= 10
    assert cited - known == set()
