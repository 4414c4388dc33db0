"""A project in miniature: the shipped study without its returns, and five notebooks that only say that they ran."""

import shutil
from pathlib import Path

import nbformat
import pytest

from helpers.batch.parameters import MODELS
from helpers.paths import project_root

TOY = """
import json, os, pathlib
folder = pathlib.Path(os.environ["MODEL_WARDS_OUTPUT"]) / "data" / "processed" / run
own = globals().get("indicator") or globals().get("language")
name = "NOTEBOOK" + (f".{own}" if own else "")
parameters = {name: globals()[name] for name in FIELDS}
part = {"notebook": "NOTEBOOK", "parameters": parameters, "outputs": ["NOTEBOOK.txt"]}
(folder / "parts" / "manifest").mkdir(parents=True, exist_ok=True)
(folder / "parts" / "manifest" / f"{name}.json").write_text(json.dumps(part))
(folder / "NOTEBOOK.txt").write_text("made")
"""
FAIL = """
if pathlib.Path(os.environ["MODEL_WARDS_OUTPUT"], f"fail-{name}").exists():
    raise ValueError("made to fail")
print(f"{name} ran with pid-free output")
"""


def write_toy_notebook(folder: Path, notebook: str) -> Path:
    model = MODELS[notebook]()
    parameters = "\n".join(f"{name}: {type(value).__name__} = {value!r}" for name, value in model.model_dump().items())
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}, id="parameters")]
    for position, source in enumerate((TOY, FAIL)):
        text = source.replace("NOTEBOOK", notebook).replace("FIELDS", repr(tuple(model.model_dump()))).strip()
        cells.append(nbformat.v4.new_code_cell(text, id=f"cell-{position}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / f"{notebook}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root, real = tmp_path / "project", project_root()
    shutil.copytree(real / "data" / "raw" / "nghe_an", root / "data" / "raw" / "nghe_an", ignore=_no_returns)
    (root / "notebooks" / "runs").mkdir(parents=True)
    for notebook in MODELS:
        write_toy_notebook(root / "notebooks", notebook)
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(real / name, root / name)
    monkeypatch.setenv("MODEL_WARDS_ROOT", str(root))
    monkeypatch.setenv("MODEL_WARDS_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("MODEL_WARDS_KERNELS", "cold")
    (tmp_path / "output").mkdir()
    return root


def _no_returns(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".xlsx")]


@pytest.fixture
def run_file(project: Path) -> Path:
    path = project / "notebooks" / "runs" / "toy.yaml"
    path.write_text("run: toy\nstudy: nghe_an\nindicators: [crime_order, fires]\nlanguages: [en]\n", encoding="utf-8")
    return path
