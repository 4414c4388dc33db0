"""Where things are, and how a file is written so that nobody ever sees half of it.

Nothing in the project depends on the working directory: papermill runs notebooks in the caller's, nbval in the
notebook's own.
"""

import io
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from helpers.errors import UnwritableOutput, UsageError

ROOT_VARIABLE = "MODEL_WARDS_ROOT"
OUTPUT_VARIABLE = "MODEL_WARDS_OUTPUT"
PROJECT_MARK = 'name = "model-wards"'
NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip can hold: stands for none."""
BEST_COMPRESSION = 9


def project_root() -> Path:
    """Return the project's root folder.

    ``MODEL_WARDS_ROOT`` if set, else the nearest ancestor of the working directory that holds this project's
    ``pyproject.toml``, else the checkout this package was installed from.

    Raises
    ------
    UsageError
        If none of the three is a checkout of this project.
    """
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        if not _is_root(Path(named)):
            raise UsageError(
                f"{ROOT_VARIABLE} is {named}, which holds no pyproject.toml of model-wards. Unset or correct it."
            )
        return Path(named).resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents, *Path(__file__).resolve().parents):
        if _is_root(folder):
            return folder
    raise UsageError(f"No checkout of model-wards above {here}. Change into it, or set {ROOT_VARIABLE}.")


def _is_root(folder: Path) -> bool:
    marker = folder / "pyproject.toml"
    return marker.is_file() and PROJECT_MARK in marker.read_text(encoding="utf-8")


def output_root() -> Path:
    """Return the folder that holds ``data/processed`` and ``reports``: ``MODEL_WARDS_OUTPUT``, or the root."""
    named = os.environ.get(OUTPUT_VARIABLE)
    return Path(named).resolve() if named else project_root()


def study_folder(study: str) -> Path:
    """Return the folder of a study given by id (``data/raw/<id>``) or by path (absolute, or relative to the root)."""
    if os.sep in study or "/" in study:
        return (project_root() / study).resolve()
    return project_root() / "data" / "raw" / study


def processed_folder(run: str) -> Path:
    """Return the folder of a run's tables."""
    return output_root() / "data" / "processed" / run


def report_folder(run: str) -> Path:
    """Return the folder of a run's pages and figures."""
    return output_root() / "reports" / run


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """Yield a temporary path next to `target`; on success it is renamed over `target`, on failure removed.

    Raises
    ------
    UnwritableOutput
        If the folder cannot be made or written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with written_beside(Path(folder) / "a.txt") as beside:
    ...         _ = beside.write_text("whole", encoding="utf-8")
    ...     (Path(folder) / "a.txt").read_text(encoding="utf-8")
    'whole'
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise UnwritableOutput(
            f"Cannot write in {target.parent}: {error.strerror}. "
            f"Make that folder writable, or set {OUTPUT_VARIABLE} to one that is."
        ) from error
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(0o644)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def dateless_zip(parts: Mapping[str, bytes]) -> bytes:
    """Return a zip of named contents, in the order given, without dates, owners or anything else of this machine.

    Examples
    --------
    >>> dateless_zip({"a.txt": b"a"}) == dateless_zip({"a.txt": b"a"})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, date_time=NO_DATE)
            entry.create_system, entry.external_attr = 0, 0
            archive.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=BEST_COMPRESSION)
    return buffer.getvalue()
