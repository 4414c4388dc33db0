"""Whether this machine can run the project, in plain words."""

import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from helpers.paths import output_root, project_root

LEAST_FREE_GIB = 1
OLDEST_PYTHON = (3, 11)
SENTENCES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "python": ("Python {found} in {place}.", "Python {found} is too old; 3.11 or newer is needed."),
        "root": ("The project is in {found}.", "No checkout of the project: {found}"),
        "kernel": ("Notebooks run with ipykernel {found}.", "ipykernel is not installed: make findings installs it."),
        "font": ("Vietnamese letters can be drawn.", "The figures' font lacks the letters {found}."),
        "write": ("{found} can be written.", "{found} cannot be written: set MODEL_WARDS_OUTPUT to a folder that can."),
        "disk": ("{found} GiB of disk are free.", "Only {found} GiB of disk are free; a run wants one."),
    },
    "vi": {
        "python": ("Python {found} tại {place}.", "Python {found} quá cũ; cần bản 3.11 trở lên."),
        "root": ("Dự án nằm ở {found}.", "Không tìm thấy thư mục dự án: {found}"),
        "kernel": ("Sổ tính chạy bằng ipykernel {found}.", "Chưa cài ipykernel: chạy make findings để cài."),
        "font": ("Vẽ được chữ tiếng Việt.", "Phông chữ của hình thiếu các chữ {found}."),
        "write": ("Ghi được vào {found}.", "Không ghi được vào {found}: đặt MODEL_WARDS_OUTPUT sang thư mục ghi được."),
        "disk": ("Đĩa còn trống {found} GiB.", "Đĩa chỉ còn {found} GiB; một lần chạy cần một GiB."),
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, and the sentence that says so or what to do."""

    topic: str
    is_well: bool
    sentence: str


def examine(language: str) -> Sequence[Finding]:
    """Return what was found about Python, the checkout, the kernel, the font, write access and the disk.

    Examples
    --------
    >>> [finding.topic for finding in examine("en")]
    ['python', 'root', 'kernel', 'font', 'write', 'disk']
    """
    findings = []
    for topic, look in _LOOKS.items():
        is_well, found = look()
        sentence = SENTENCES[language][topic][0 if is_well else 1].format(found=found, place=sys.prefix)
        findings.append(Finding(topic, is_well, sentence))
    return findings


def _python() -> tuple[bool, str]:
    return sys.version_info >= OLDEST_PYTHON, ".".join(str(part) for part in sys.version_info[:3])


def _root() -> tuple[bool, str]:
    return True, str(project_root())


def _kernel() -> tuple[bool, str]:
    try:
        return True, version("ipykernel")
    except PackageNotFoundError:
        return False, ""


def _font() -> tuple[bool, str]:
    from helpers.reporting.style import missing_letters

    lacking = missing_letters(_vietnamese_letters())
    return not lacking, lacking


def _vietnamese_letters() -> str:
    tones = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    vowels = [unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in tones]
    return "đ" + "".join(vowels)


def _write() -> tuple[bool, str]:
    places = [_existing(output_root() / own) for own in (Path("data") / "processed", Path("reports"))]
    blocked = [place for place in places if not (place.is_dir() and os.access(place, os.W_OK))]
    return not blocked, str((blocked or places)[0])


def _disk() -> tuple[bool, str]:
    free = shutil.disk_usage(_existing(output_root())).free / 2**30
    return free >= LEAST_FREE_GIB, f"{free:.0f}"


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


_LOOKS: Mapping[str, Callable[[], tuple[bool, str]]] = {
    "python": _python,
    "root": _root,
    "kernel": _kernel,
    "font": _font,
    "write": _write,
    "disk": _disk,
}
