"""The notebooks as files: where they lie, what they say apart from outputs, and the parameters they show."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.batch.provenance import text_hash
from helpers.errors import UsageError
from helpers.paths import project_root

PARAMETERS_TAG = "parameters"


@dataclass(frozen=True, slots=True)
class CellParameter:
    """A line ``name: type = default  # description`` of a parameters cell."""

    name: str
    type_name: str
    default: Any
    description: str


@dataclass(frozen=True, slots=True)
class _Cell:
    kind: str
    source: str
    tags: tuple[str, ...]


def notebook_path(notebook: str) -> Path:
    """Return where a notebook lies."""
    return project_root() / "notebooks" / f"{notebook}.ipynb"


def notebook_hash(path: Path) -> str:
    """Return one hash of a notebook's cells, blind to outputs, cell ids and metadata other than tags.

    Raises
    ------
    UsageError
        If there is no such notebook.
    """
    return text_hash(repr([(cell.kind, cell.source, cell.tags) for cell in _cells(path)]))


def parameters_in(path: Path) -> tuple[CellParameter, ...]:
    """Return the parameters that a notebook's parameters cell shows, in order.

    Raises
    ------
    UsageError
        If there is no such notebook, it has not exactly one parameters cell, or a line of that cell is no parameter.
    """
    cells = [cell.source for cell in _cells(path) if PARAMETERS_TAG in cell.tags]
    if len(cells) != 1:
        raise UsageError(f"Notebook {path.name} has {len(cells)} cells tagged “{PARAMETERS_TAG}”; one is expected.")
    lines = cells[0].splitlines()
    return tuple(_parameter(statement, lines, path) for statement in ast.parse(cells[0]).body)


def _cells(path: Path) -> list[_Cell]:
    """Return a notebook's cells from its JSON; nbformat, whose validator takes two seconds to import, is not needed."""
    if not path.is_file():
        raise UsageError(f"There is no notebook {path.name} in {path.parent.name}.")
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [
            _Cell(cell["cell_type"], "".join(cell["source"]), tuple(cell["metadata"].get("tags", ()))) for cell in cells
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path.name} is no notebook that can be read ({error}). Restore it from git.") from None


def _parameter(statement: ast.stmt, lines: list[str], path: Path) -> CellParameter:
    is_parameter = isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    if not is_parameter or not isinstance(statement, ast.AnnAssign) or statement.value is None:
        raise UsageError(
            f"Line {statement.lineno} of the parameters cell of {path.name} is not “name: type = default”."
        )
    after = lines[statement.lineno - 1][statement.end_col_offset or 0 :]
    return CellParameter(
        name=ast.unparse(statement.target),
        type_name=ast.unparse(statement.annotation),
        default=ast.literal_eval(statement.value),
        description=after.strip().removeprefix("#").strip(),
    )
