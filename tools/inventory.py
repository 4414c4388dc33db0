"""Hold the inventory in ARCHITECTURE.md against the code, or write it again.

python tools/inventory.py            fails, naming the first difference, if the table is not what the code says
python tools/inventory.py --write    writes the table: every module with the first line of its docstring
"""

import ast
import difflib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "helpers"
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- inventory: begin -->", "<!-- inventory: end -->"
FLOORS = (
    ("Start", ("__main__", "cli")),
    ("Batch", ("batch",)),
    ("Reporting", ("reporting",)),
    ("Checks", ("checks",)),
    ("Inference", ("inference",)),
    ("Estimation", ("estimation",)),
    ("Cleaning", ("cleaning",)),
    ("Simulation", ("simulation",)),
    ("Panel", ("panel",)),
    ("Study", ("study",)),
    ("Ground", ("errors", "messages", "paths", "text")),
)


def main() -> int:
    """Check or write the inventory; return the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    found, _, after = rest.partition(END)
    wanted = "\n\n" + inventory() + "\n"
    if "--write" in sys.argv[1:]:
        PAGE.write_text(before + BEGIN + wanted + END + after, encoding="utf-8")
        return 0
    if found == wanted:
        return 0
    print("The inventory in ARCHITECTURE.md is not what the code says; python tools/inventory.py --write mends it:")
    for line in difflib.unified_diff(found.splitlines(), wanted.splitlines(), "page", "code", lineterm="", n=0):
        print(line)
    return 1


def inventory() -> str:
    """Return the table of modules, floor by floor from the top."""
    lines = ["| floor | module | what it is |", "|---|---|---|"]
    for floor, names in FLOORS:
        for name in names:
            lines += [f"| {floor} | `{module}` | {first_line(path)} |" for module, path in modules(name)]
    return "\n".join(lines)


def modules(name: str) -> list[tuple[str, Path]]:
    """Return a module, or a package and all modules in it, by their dotted names below `helpers`."""
    single = PACKAGE / f"{name}.py"
    if single.is_file():
        return [(name, single)]
    found = []
    for path in sorted((PACKAGE / name).rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found.append((".".join(part for part in parts if part != "__init__"), path))
    return sorted(found)


def first_line(path: Path) -> str:
    """Return the first sentence line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first = docstring.partition("\n\n")[0]
    return " ".join(first.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
