"""A finished run as one file to send: pages, Word files, figures, tables with their dictionary, manifest, and a README.

Nothing else of a run is ever in it: no panel, no return, no executed notebook. Its tables are released anew, so that of
restricted data it holds what disclosure control leaves under the study as it is now.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from helpers.batch import provenance
from helpers.batch.dictionary import DICTIONARY, write_dictionary
from helpers.batch.export import INDEX, TABLES_FOLDER
from helpers.batch.journal import Entry, read_journal
from helpers.batch.plan import needs_hash
from helpers.batch.release import release_tables
from helpers.batch.workspace import FIRST, LAST
from helpers.errors import MissingStep, UsageError
from helpers.messages import Message, say
from helpers.paths import dateless_zip, output_root, processed_folder, report_folder, written_beside
from helpers.reporting import languages, open_briefing, page_name
from helpers.reporting.disclosure import public_manifest
from helpers.reporting.word import word_name
from helpers.study import Study, load_study

REPORTS = "reports/"
PAGE_KINDS = (".html", ".docx", ".svg", ".pdf", ".txt")
"""What notebook 05 hands on, by ending; a file of any other kind stays at home."""
FIGURES, PAPER = "figures/", "figures/paper/"


def write_bundle(run: str, target: Path | None = None) -> Path:
    """Write the bundle of a run and return its path; the same run gives the same bytes.

    Parameters
    ----------
    run : str
        Name of the run.
    target : Path, optional
        The zip to write; by default ``reports/<run>.zip``, marked in its name when the data are synthetic.

    Raises
    ------
    UsageError
        If there is no such run, or its study has changed since.
    MissingStep
        If the run is not finished.
    DisclosureRisk
        If the data are restricted and no pattern of withheld counts is safe.
    """
    folder = processed_folder(run)
    entries = read_journal(folder)
    manifest = provenance.read_json(folder / provenance.MANIFEST)
    _check_finished(run, entries, manifest)
    study = load_study(manifest["notebooks"][FIRST]["parameters"]["study"])
    if provenance.input_hashes(study) != manifest["inputs"]:
        raise UsageError(
            say("Study {study} has changed since run {run}. Run it again, then bundle it.", study=study.study, run=run)
        )
    _check_of_one_piece(run, entries, manifest, study)
    parts = dict(_parts(run, manifest, study))
    mark = ".synthetic" if study.origin == "synthetic" else ""
    path = target or report_folder(run).parent / f"{run}{mark}.zip"
    with written_beside(path) as beside:
        beside.write_bytes(dateless_zip({f"{run}/{name}": parts[name] for name in sorted(parts)}))
    return path


def _check_finished(run: str, entries: Mapping[str, Entry], manifest: Mapping[str, Any]) -> None:
    if not entries:
        raise UsageError(
            say(
                "No run is named “{run}” under {folder}. “model-wards list” shows what there is.",
                run=run,
                folder=output_root(),
            )
        )
    steps = manifest.get("notebooks", {})
    open_steps = sorted(name for name, entry in entries.items() if entry.status != "done")
    open_steps += [name for name in sorted(steps) if name not in entries]
    if open_steps:
        raise _unfinished(run, say("not done: {steps}", steps=", ".join(open_steps)))
    reports = [name for name, part in steps.items() if part["notebook"] == LAST]
    if not reports:
        raise _unfinished(run, say("not done: {steps}", steps=LAST))
    gone = [name for name in [INDEX, *_handed_on(manifest)] if not (report_folder(run) / name).is_file()]
    if gone:
        raise _unfinished(run, say("gone from its report folder: {files}", files=", ".join(gone)))


def _check_of_one_piece(run: str, entries: Mapping[str, Entry], manifest: Mapping[str, Any], study: Study) -> None:
    """Refuse a run whose pages were made before some of the tables that would lie beside them."""
    order = {one.indicator: place for place, one in enumerate(study.indicators)}
    steps = {name: part for name, part in manifest["notebooks"].items() if part["notebook"] not in (FIRST, LAST)}
    needed = sorted(
        steps, key=lambda name: (steps[name]["notebook"], order.get(steps[name]["parameters"].get("indicator"), -1))
    )
    now = needs_hash(needed, {name: entry.key for name, entry in entries.items()})
    for name, part in manifest["notebooks"].items():
        if part["notebook"] == LAST and entries[name].parts.get("needs") != now:
            raise _unfinished(run, say("{step} is older than what it tells of", step=name))


def _unfinished(run: str, why: Message) -> MissingStep:
    return MissingStep(
        say("Run {run} is not finished ({why}). Run it again: what is done is not done twice.", run=run, why=why)
    )


def _handed_on(manifest: Mapping[str, Any]) -> list[str]:
    """Return the files of the report folder that notebook 05 wrote, as their places in it."""
    outputs = {own for part in manifest["notebooks"].values() if part["notebook"] == LAST for own in part["outputs"]}
    named = (own.removeprefix(REPORTS) for own in outputs if own.startswith(REPORTS))
    return sorted(name for name in named if name.endswith(PAGE_KINDS))


def _parts(run: str, manifest: Mapping[str, Any], study: Study) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the bundle: its place in it, and its content."""
    names = [INDEX, *_handed_on(manifest)]
    for name in names:
        yield name, (report_folder(run) / name).read_bytes()
    with tempfile.TemporaryDirectory() as place:
        shelf = Path(place)
        released = release_tables(study, manifest, processed_folder(run), shelf)
        for path in (*released, write_dictionary(shelf)):
            yield f"{TABLES_FOLDER}/{path.name}", path.read_bytes()
    public = public_manifest(manifest, study)
    yield provenance.MANIFEST, _json(public)
    for language in languages():
        yield f"README.{language}.txt", _readme(names, public, study, language).encode()


def _json(content: Mapping[str, object]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()


def _readme(names: list[str], manifest: Mapping[str, object], study: Study, language: str) -> str:
    """Return what is in the bundle, in one language."""
    briefing = open_briefing(study, manifest, language=language)
    items = [(INDEX, "index")]
    items += [(page_name(own), "page") for own in languages() if page_name(own) in names]
    items += [(word_name(own), "word") for own in languages() if word_name(own) in names]
    items += [(FIGURES, "figures")] if any(name.startswith(FIGURES) for name in names) else []
    items += [(PAPER, "paper")] if any(name.startswith(PAPER) for name in names) else []
    items += [(f"{TABLES_FOLDER}/", "tables"), (f"{TABLES_FOLDER}/{DICTIONARY}", "dictionary")]
    items += [(provenance.MANIFEST, "manifest")]
    marks = [briefing.mark, *([briefing.say("page.banner.synthetic")] if briefing.origin == "synthetic" else [])]
    lines = [
        briefing.say("index.title", title=briefing.title(), run=briefing.run),
        *filter(None, (*marks, briefing.protection_note)),
        "",
        *(f"{name}: {briefing.say(f'bundle.{what}')}" for name, what in items),
        "",
        briefing.say("bundle.not_in"),
        briefing.say("page.footer"),
    ]
    return "\n".join(lines) + "\n"
