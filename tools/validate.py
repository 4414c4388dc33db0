"""Run the slow proofs: `python tools/validate.py published` or another part, or `all`.

Each part is a test file under tests/validation, too slow for `make test`. A part that is not written yet says so.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("published", "size", "gates", "fuzz", "kills")


def main() -> int:
    """Run the parts named on the command line; return the worst exit code."""
    asked = sys.argv[1] if len(sys.argv) == 2 else "all"
    if asked not in (*PARTS, "all"):
        print(f"There is no part “{asked}”. There are: {', '.join(PARTS)}, all.", file=sys.stderr)
        return 2
    worst = 0
    for part in PARTS if asked == "all" else (asked,):
        script = ROOT / "tests" / "validation" / f"slow_{part}.py"
        if not script.is_file():
            print(f"{part}: not written yet")
            continue
        worst = max(worst, subprocess.run([sys.executable, "-m", "pytest", "-q", str(script)], cwd=ROOT).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
