"""Imports go down the floors only, the light parts stay light, and the package is this checkout's."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

import helpers
from helpers.paths import project_root

HEAVY = ("matplotlib", "statsmodels", "pandas", "numpy", "scipy", "papermill", "pandera", "pydantic", "nbformat")


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_no_import_goes_up_a_floor() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    answer = subprocess.run(command, cwd=project_root(), capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout[-3000:]


def test_importing_the_package_pulls_in_nothing_heavy() -> None:
    assert not loaded_by("import helpers").intersection(HEAVY)
    assert not loaded_by("import helpers.cli").intersection(HEAVY)


@pytest.mark.parametrize("module", ["helpers.batch.workspace", "helpers.cleaning", "helpers.inference.analysis"])
def test_a_notebook_loads_neither_papermill_nor_figures_before_it_asks_for_them(module: str) -> None:
    assert not loaded_by(f"import {module}").intersection({"papermill", "matplotlib", "statsmodels"})


def test_the_package_is_this_checkout() -> None:
    assert Path(helpers.__file__).resolve() == project_root() / "src" / "helpers" / "__init__.py"


def test_nothing_shadows_the_package() -> None:
    root = project_root()
    shadows = [path for folder in ("tests", "notebooks", "tools") for path in (root / folder).rglob("helpers*")]
    assert not [path for path in shadows if path.suffix == ".py" or path.is_dir()]


def test_help_answers_at_once() -> None:
    start = time.perf_counter()
    answer = subprocess.run([sys.executable, "-m", "helpers", "--help"], capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    assert "run" in answer.stdout
    # A tenth of a second on an idle machine; the rest is for one that is busy testing.
    assert seconds < 2
