"""The rules of the repository as programs: what pages promise exists, and nothing names the machine it was made on."""

import csv
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.paths import project_root

ROOT = project_root()
REGISTRIES = ("pypi", "pythonhosted", "deb.debian", "npmjs", "conda.anaconda")
HOSTS = re.compile(r"\b(?:" + "|".join(re.escape(name) for name in REGISTRIES) + r")\.(?:org|com)\b")
MACHINE_PATHS = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:work|root|home|Users)/", re.MULTILINE)


def kept_files() -> list[Path]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def kept_texts() -> dict[Path, str]:
    texts = {}
    for path in kept_files():
        try:
            texts[path] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return texts


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    texts = kept_texts()
    assert len(texts) > 100
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path, text in texts.items()
        for match in [HOSTS.search(text) or MACHINE_PATHS.search(text)]
        if match
    }
    assert not found


@pytest.mark.parametrize("text", ["see " + "pypi" + ".org", "in /" + "work/main", "cd /" + "home/me"])
def test_the_patterns_see_what_they_look_for(text: str) -> None:
    assert HOSTS.search(text) or MACHINE_PATHS.search(text)


@pytest.mark.parametrize("page", ["README.md", "README.vi.md", "CONTRIBUTING.md"])
def test_the_commands_that_pages_show_exist(page: str) -> None:
    from helpers.cli import cli

    text = (ROOT / page).read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = set(re.findall(r"(?:^|`)make(?: [A-Z]+=\S+)* ([a-z-]+)", text, re.MULTILINE))
    assert shown <= targets
    if page.startswith("README"):
        assert {"findings", "test"} <= shown
    commands = set(re.findall(r"(?:^|`)(?:\.venv/bin/)?model-wards ([a-z-]+)", text, re.MULTILINE))
    assert commands <= set(cli.commands)


def test_pages_link_to_files_that_exist() -> None:
    broken = {}
    for path, text in kept_texts().items():
        if path.suffix == ".md":
            links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
            broken[path.name] = [
                link for link in links if not link.startswith(("http", "mailto:")) and not (path.parent / link).exists()
            ]
    assert not {name: links for name, links in broken.items() if links}


def test_make_explains_every_target() -> None:
    answer = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("findings", "test", "lab", "buenos-aires", "lint", "validate", "bench", "lock", "help"):
        assert f"make {target} " in answer.stdout


def test_the_inventory_is_what_the_code_says() -> None:
    command = [sys.executable, str(ROOT / "tools" / "inventory.py")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_environment_yml_says_what_pyproject_says() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    own = {entry.partition(">")[0]: entry for entry in environment["dependencies"] if entry != "pip"}
    wanted = [Requirement(text) for text in project()["dependencies"]]  # type: ignore[attr-defined]
    assert own.pop("python") == f"python{project()['requires-python']}"
    assert set(own) == {requirement.name for requirement in wanted}
    for requirement in wanted:
        assert Requirement(own[requirement.name]).specifier == requirement.specifier


def locked(name: str) -> dict[str, list[tuple[Requirement, int]]]:
    """Return the pins of a lock file by package, each with its number of hashes."""
    pins: dict[str, list[tuple[Requirement, int]]] = {}
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement = Requirement(line.partition("--hash")[0].strip())
            pins.setdefault(canonicalize_name(requirement.name), []).append((requirement, line.count("--hash=sha256:")))
    return pins


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_carry_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    assert all(hashes > 0 for pins in locked(name).values() for _, hashes in pins)
    assert all(
        pin.specifier and str(pin.specifier).startswith("==") for pins in locked(name).values() for pin, _ in pins
    )


def test_lock_files_resolve_pyproject() -> None:
    extras = project()["optional-dependencies"]
    main = [*project()["dependencies"], *extras["install"]]  # type: ignore[misc,index]
    everything = [*main, *(text for texts in extras.values() for text in texts)]  # type: ignore[attr-defined]
    for name, texts in (("requirements.lock", main), ("requirements-dev.lock", everything)):
        pins = locked(name)
        for requirement in map(Requirement, texts):
            versions = [str(pin.specifier)[2:] for pin, _ in pins[canonicalize_name(requirement.name)]]
            assert all(requirement.specifier.contains(version) for version in versions), (name, requirement)


def test_the_development_lock_is_a_superset() -> None:
    main, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    for package, pins in main.items():
        assert {str(pin.specifier) for pin, _ in pins} == {str(pin.specifier) for pin, _ in dev[package]}


def test_every_source_of_the_shipped_study_resolves() -> None:
    folder = ROOT / "data" / "raw" / "nghe_an"
    with (folder / "sources.csv").open(encoding="utf-8", newline="") as file:
        known = {row["source_id"] for row in csv.DictReader(file)}
    used = set()
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            used |= {row["source_id"] for row in csv.DictReader(file) if row.get("source_id")}
    assert used
    assert used <= known


def test_ci_tests_last() -> None:
    lines = [
        line for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines() if line.startswith("make")
    ]
    assert lines[-1].startswith("make test")
