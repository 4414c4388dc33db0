"""What a run was made from: hashes of its inputs, versions, and the effective parameters of every notebook.

Each notebook writes a part of its own; ``manifest.json`` is their union and holds nothing that differs between two
runs of the same inputs. Wall times, host and the like are in ``timings.json``.
"""

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from helpers import __version__
from helpers.batch.plan_record import plan_record
from helpers.batch.tables import PARTS
from helpers.paths import processed_folder, project_root, written_beside
from helpers.study import Study
from helpers.study.pre_analysis_plan import PLAN_FILE

MANIFEST = "manifest.json"
RECORDED_PACKAGES = (
    "matplotlib",
    "numpy",
    "pandas",
    "pandera",
    "papermill",
    "pyarrow",
    "pydantic",
    "scipy",
    "statsmodels",
)
LOCK = "requirements.lock"
CODE_SUFFIXES = (".py", ".po", ".mo", ".html", ".j2", ".css", ".svg", ".mplstyle", ".csv", ".toml")


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_hash(text: str) -> str:
    """Return the sha256 of a text, as hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def folder_hashes(folder: Path, *, suffixes: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the hash of every file under a folder by its relative path, hidden files and caches left out."""
    hashes = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_left_out = any(part.startswith((".", "~$")) or part == "__pycache__" for part in parts)
        if path.is_file() and not is_left_out and (not suffixes or path.suffix in suffixes):
            hashes["/".join(parts)] = file_hash(path)
    return hashes


def input_hashes(study: Study) -> dict[str, str]:
    """Return the hash of every file of a study folder."""
    return folder_hashes(study.folder)


@cache
def code_hash() -> str:
    """Return one hash of this package's source and of whatever else it reads at run time."""
    return text_hash(json.dumps(folder_hashes(Path(__file__).resolve().parents[1], suffixes=CODE_SUFFIXES)))


def lock_hash() -> str:
    """Return the hash of the lock file that the installed packages come from."""
    return file_hash(project_root() / LOCK)


def installed_versions() -> dict[str, str]:
    """Return the versions of Python, this project and the packages that numbers depend on."""
    found = {"python": platform.python_version(), "model-wards": __version__}
    for package in RECORDED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write_json(content: Mapping[str, Any], target: Path) -> None:
    """Write a mapping as JSON with sorted keys, whole or not at all."""
    with written_beside(target) as beside:
        text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
        beside.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object, or an empty one if the file is not there."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def part_path(folder: Path, name: str) -> Path:
    """Return where the notebook called `name` keeps its part of the manifest."""
    return folder / PARTS / "manifest" / f"{name}.json"


def read_parts(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the manifest parts of a run by name, in order."""
    return {path.stem: read_json(path) for path in sorted((folder / PARTS / "manifest").glob("*.json"))}


def compose_manifest(study: Study, run: str, parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the manifest of a run from the parts of some of its notebooks.

    Returns
    -------
    dict
        ``run``, ``study``, ``origin``, ``is_given_roster_fictional``, ``inputs`` (path → sha256), ``notebooks``
        (name → notebook, effective parameters, outputs), ``pre_analysis_plan`` (see
        `helpers.batch.plan_record.plan_record`; None without a plan), ``seeds``, ``versions``.
    """
    inputs = input_hashes(study)
    notebooks = {name: dict(part) for name, part in sorted(parts.items())}
    seeds = {part["parameters"]["seed"] for part in notebooks.values() if "seed" in part["parameters"]}
    return {
        "run": run,
        "study": study.study,
        "origin": study.origin,
        "is_given_roster_fictional": study.is_given_roster_fictional,
        "inputs": inputs,
        "notebooks": notebooks,
        "pre_analysis_plan": plan_record(study, notebooks, processed_folder(run), inputs.get(PLAN_FILE, "")),
        "seeds": sorted(seeds),
        "versions": installed_versions(),
    }
