"""Notebooks define nothing, say how to read each cell, show their model's parameters, and are kept without outputs."""

import ast
import itertools
import re
from pathlib import Path

import nbformat
import pytest
from papermill import inspect_notebook

from helpers.batch.notebooks import parameters_in
from helpers.batch.parameters import MODELS
from helpers.paths import project_root

MOST_CELLS, MOST_LINES = 12, 8
FOLDER = project_root() / "notebooks"
FORBIDDEN = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.With, ast.If, ast.Try),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def paths() -> list[Path]:
    return sorted(FOLDER.glob("*.ipynb"))


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", [])]


def test_every_notebook_has_a_model() -> None:
    assert [path.stem for path in paths()] == list(MODELS)


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_a_notebook_is_thin(path: Path) -> None:
    cells = code_cells(path)
    assert 0 < len(cells) <= MOST_CELLS
    for cell in cells:
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= MOST_LINES, cell.source
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, FORBIDDEN), ast.unparse(node)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "/" not in node.value, f"a path in a notebook: {node.value}"
            if isinstance(node, ast.Name | ast.Attribute):
                assert ast.unparse(node) not in {"open", "Path", "os.environ", "display"}


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_each_cell_says_how_to_read_it(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    assert re.match(rf"# {path.stem[:2]} · \S", cells[0].source)
    assert "?" in cells[0].source
    assert "Before it:" in cells[0].source
    assert "After it:" in cells[0].source
    assert "parameters" in cells[1].metadata.tags
    for before, cell in itertools.pairwise(cells[1:]):
        if cell.cell_type == "code":
            assert before.cell_type == "markdown"
            assert len(before.source) > 30


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_the_parameters_cell_is_its_model(path: Path) -> None:
    fields = MODELS[path.stem].model_fields
    shown = parameters_in(path)
    assert [parameter.name for parameter in shown] == list(fields)
    for parameter in shown:
        field = fields[parameter.name]
        assert parameter.default == field.default
        assert parameter.type_name == type(field.default).__name__
        assert parameter.description == field.description


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_papermill_finds_every_parameter(path: Path) -> None:
    found = inspect_notebook(str(path))
    assert {name: (one["inferred_type_name"], one["default"]) for name, one in found.items()} == {
        parameter.name: (parameter.type_name, _as_written(parameter.default)) for parameter in parameters_in(path)
    }


def _as_written(default: object) -> str:
    return f'"{default}"' if isinstance(default, str) else repr(default)


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
