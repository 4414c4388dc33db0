"""Where a page comes from, as the run's manifest tells it: inputs, parameters, versions, seeds, and the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.reporting.briefing import Briefing
from helpers.reporting.plan_words import PlanAccount, tell_plan

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a reader needs to make the page again.

    ``inputs`` pairs files with their sha256, ``parameters`` notebooks with theirs, ``versions`` programs with theirs;
    ``plan`` is what was planned, and where the run differs.
    """

    run: str
    origin: str
    command: str
    inputs: Pairs
    parameters: Pairs
    versions: Pairs
    seeds: str
    plan: PlanAccount


def read_provenance(briefing: Briefing) -> Provenance:
    """Return what the manifest of the briefing's run says; whatever it does not say is left empty."""
    manifest = briefing.manifest
    return Provenance(
        run=briefing.run,
        origin=briefing.mark,
        command=str(manifest.get("command") or f"model-wards run notebooks/runs/{briefing.run}.yaml"),
        inputs=_pairs(manifest.get("inputs")),
        parameters=_parameters(manifest.get("notebooks")),
        versions=_pairs(manifest.get("versions")),
        seeds=_list(manifest.get("seeds")),
        plan=tell_plan(briefing),
    )


def _pairs(values: object) -> Pairs:
    if not isinstance(values, Mapping):
        return ()
    return tuple((str(name), str(value)) for name, value in sorted(values.items()))


def _list(values: object) -> str:
    if isinstance(values, Mapping):
        return ", ".join(f"{name}: {value}" for name, value in sorted(values.items()))
    if isinstance(values, Sequence) and not isinstance(values, str):
        return ", ".join(str(value) for value in values)
    return "" if values is None else str(values)


def _parameters(notebooks: object) -> Pairs:
    """Return each notebook's parameters once, with every value that its executions took."""
    if not isinstance(notebooks, Mapping):
        return ()
    values: dict[str, dict[str, list[str]]] = {}
    for name, part in sorted(notebooks.items()):
        own = values.setdefault(str(part.get("notebook", name)), {})
        for parameter, value in part.get("parameters", {}).items():
            texts = own.setdefault(str(parameter), [])
            if str(value) not in texts:
                texts.append(str(value))
    return tuple(
        (name, "; ".join(f"{parameter} = {', '.join(texts)}" for parameter, texts in sorted(own.items())))
        for name, own in sorted(values.items())
    )
