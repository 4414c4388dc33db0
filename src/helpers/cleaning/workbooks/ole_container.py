"""The container that an old ``.xls`` is: a small file system of sectors, of which one stream is the workbook.

[MS-CFB], read only as far as a workbook needs it. Every chain of sectors is followed at most as far as the file is
long, so that a damaged or hostile one ends.
"""

import re
import struct
from collections.abc import Sequence

HEADER_BYTES = 512
DIRECTORY_ENTRY_BYTES = 128
SMALL_STREAM_BYTES = 4096
"""Shorter streams lie in small sectors of 64 bytes inside the root's own stream."""
SMALL_SECTOR_BYTES = 64
LAST_REGULAR_SECTOR = 0xFFFFFFFA
_HEADER_FAT_ENTRIES = 109
_PIVOT_STREAM = re.compile("[0-9A-F]{4}")


def workbook_stream(data: bytes) -> bytes:
    """Return the stream of the workbook.

    Raises
    ------
    ValueError
        If the container is damaged, or holds no workbook.
    """
    container = _Container(data)
    for name in ("Workbook", "Book"):
        if name in container.streams:
            return container.read(name)
    raise ValueError("no stream is a workbook")


def pivot_streams(data: bytes) -> list[bytes]:
    """Return the streams of what pivot tables keep, which have numbers for names; raises as `workbook_stream` does."""
    container = _Container(data)
    return [container.read(name) for name in container.streams if _PIVOT_STREAM.fullmatch(name)]


class _Container:
    """The tables of a container: sectors in chains, and streams by name."""

    def __init__(self, data: bytes) -> None:
        if len(data) < HEADER_BYTES:
            raise ValueError("too short for a container")
        self._data = data
        shift = struct.unpack_from("<H", data, 30)[0]
        if shift not in (9, 12):
            raise ValueError("no sectors of this size are known")
        self._size = 1 << shift
        directory, small_table = struct.unpack_from("<I", data, 48)[0], struct.unpack_from("<I", data, 60)[0]
        self._chains = _numbers(b"".join(map(self._sector, self._table_sectors())))
        entries = self._chain(directory)
        self.streams: dict[str, tuple[int, int]] = {}
        root = (LAST_REGULAR_SECTOR, 0)
        for start in range(0, len(entries) - DIRECTORY_ENTRY_BYTES + 1, DIRECTORY_ENTRY_BYTES):
            length, kind = struct.unpack_from("<HB", entries, start + 64)
            name = entries[start : start + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            place = struct.unpack_from("<II", entries, start + 116)
            if kind == 5:
                root = place
            elif kind == 2:
                self.streams.setdefault(name, place)
        self._small = self._chain(root[0])
        self._small_chains = _numbers(self._chain(small_table))

    def read(self, name: str) -> bytes:
        start, size = self.streams[name]
        if size >= SMALL_STREAM_BYTES:
            return self._chain(start)[:size]
        sectors = _follow(self._small_chains, start)
        pieces = (self._small[own * SMALL_SECTOR_BYTES : (own + 1) * SMALL_SECTOR_BYTES] for own in sectors)
        return b"".join(pieces)[:size]

    def _table_sectors(self) -> list[int]:
        """Return the sectors of the table of chains: some named in the header, the rest in a chain of their own."""
        sectors = list(struct.unpack_from(f"<{_HEADER_FAT_ENTRIES}I", self._data, 76))
        further, seen = struct.unpack_from("<I", self._data, 68)[0], set[int]()
        while further < LAST_REGULAR_SECTOR and further not in seen:
            seen.add(further)
            *more, further = _numbers(self._sector(further)) or (LAST_REGULAR_SECTOR,)
            sectors += more
        return [sector for sector in dict.fromkeys(sectors) if sector < LAST_REGULAR_SECTOR]

    def _sector(self, number: int) -> bytes:
        return self._data[(number + 1) * self._size : (number + 2) * self._size]

    def _chain(self, start: int) -> bytes:
        return b"".join(map(self._sector, _follow(self._chains, start)))


def _numbers(table: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])


def _follow(chains: Sequence[int], start: int) -> list[int]:
    sectors: list[int] = []
    seen: set[int] = set()
    while start < len(chains):
        if start in seen:
            raise ValueError("a chain of sectors runs in a circle")
        seen.add(start)
        sectors.append(start)
        start = chains[start]
    return sectors
