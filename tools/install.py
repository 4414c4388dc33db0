"""Fill `.venv` from a lock file, once: make runs this before anything else, so it needs nothing but Python itself.

    python3 tools/install.py requirements.lock        what the main job needs
    python3 tools/install.py requirements-dev.lock    the same and the tests, checkers and oracles (a superset)

A stamp in `.venv` remembers the hashes of what was installed, so a second call does nothing, and the main job after
the tests has nothing to add. The pinned uv installs the packages where it can, plain pip where it cannot.
The syntax is kept old: an old Python must be able to read this file in order to say that it is too old.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"
MAIN_LOCK, DEV_LOCK, PROJECT = "requirements.lock", "requirements-dev.lock", "pyproject.toml"
PYTHON = str(VENV / "Scripts" / "python.exe" if os.name == "nt" else VENV / "bin" / "python")
NO_VENV = "Python's venv is incomplete here. On Debian or Ubuntu: apt-get install python3-venv; then try again."


def main():
    """Bring `.venv` up to the lock file named on the command line."""
    lock = sys.argv[1] if len(sys.argv) == 2 else MAIN_LOCK
    if lock not in (MAIN_LOCK, DEV_LOCK):
        stop(f"usage: python3 tools/install.py [{MAIN_LOCK} | {DEV_LOCK}]")
    if sys.version_info < OLDEST:
        own = ".".join(str(part) for part in sys.version_info[:2])
        stop(
            f"Python 3.11 or newer is needed; {sys.executable} is {own}. Name another: make PYTHON=python3.12 findings"
        )
    os.chdir(str(ROOT))
    wanted = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in (MAIN_LOCK, DEV_LOCK, PROJECT)}
    stamp = read_stamp()
    if not has_venv(stamp):
        make_venv()
        stamp = {}
    has_packages = any(stamp.get(name) == wanted[name] for name in (lock, DEV_LOCK))
    if has_packages and stamp.get(PROJECT) == wanted[PROJECT]:
        return
    if not has_packages:
        install_packages(lock)
        stamp[lock] = wanted[lock]
    install_project()
    run([PYTHON, "-m", "ipykernel", "install", "--sys-prefix", "--name", "python3"], is_quiet=True)
    run([PYTHON, "-m", "helpers.batch.warm_kernelspec"], is_quiet=True)
    stamp.update({PROJECT: wanted[PROJECT], "place": str(ROOT)})
    beside = STAMP.with_suffix(".part")
    beside.write_text(json.dumps(stamp, indent=1, sort_keys=True), encoding="utf-8")
    beside.replace(STAMP)


def read_stamp():
    """Return what the last installation left behind; nothing if it was not finished."""
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def has_venv(stamp):
    """Whether `.venv` runs, was made in this place (its scripts name it) and by a Python of this version."""
    if stamp.get("place", str(ROOT)) != str(ROOT) or not Path(PYTHON).exists():
        return False
    asked = [PYTHON, "-c", "import sys, pip; print(*sys.version_info[:2])"]
    answer = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return answer.returncode == 0 and answer.stdout.split() == [str(part) for part in sys.version_info[:2]]


def make_venv():
    """Make `.venv` anew, or say which system package is missing."""
    say("Making .venv with Python {}.{}".format(*sys.version_info[:2]))
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        stop(NO_VENV)
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode != 0:
        stop(NO_VENV if "ensurepip" in made.stdout else "Cannot make .venv: " + made.stdout.strip())


def install_packages(lock):
    """Install the lock with the uv that it pins, or with pip if uv cannot be had or cannot reach the packages."""
    say(f"Installing the packages of {lock} (the first time this takes a minute or two)")
    if has_uv(lock) and uv(["--require-hashes", "--compile-bytecode", "-r", lock]):
        return
    say("uv could not do it; going on with pip, which takes longer")
    run([PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock])


def has_uv(lock):
    """Install uv alone, as the lock pins it; whether that worked."""
    lines = pinned_lines("uv", lock)
    if not lines:
        return False
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "uv.txt"
        own.write_text("".join(lines), encoding="utf-8")
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(own)]
        return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0


def pinned_lines(package, lock):
    """Return the lines of a lock file that pin one package, hashes included."""
    lines, is_inside = [], False
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines(keepends=True):
        is_inside = line.startswith(package + "==") or (is_inside and line.startswith("    --hash"))
        if is_inside:
            lines.append(line)
    return lines


def uv(arguments):
    """Call uv's `pip install` on `.venv`; whether it worked."""
    command = [PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", PYTHON, *arguments]
    settings = dict(os.environ, UV_LINK_MODE=os.environ.get("UV_LINK_MODE", "copy"))
    return subprocess.run(command, stdin=subprocess.DEVNULL, env=settings).returncode == 0


def install_project():
    """Install the project itself, editable; pip refuses that under --require-hashes, hence a step of its own."""
    arguments = ["--no-deps", "--no-build-isolation", "-e", "."]
    if not uv(arguments):
        run([PYTHON, "-m", "pip", "install", "--quiet", *arguments])


def run(command, is_quiet=False):
    """Run a command; stop with its words if it fails."""
    into = subprocess.PIPE if is_quiet else None
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=into, stderr=into and subprocess.STDOUT, text=True)
    if done.returncode != 0:
        stop((done.stdout or "") + "This command failed: " + " ".join(command))


def say(text):
    """Print a line where it does not mix with results."""
    print(text, file=sys.stderr, flush=True)


def stop(text):
    """Print a line and end with the exit code of wrong usage."""
    say(text)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
