"""Run the slow proofs: `python tools/validate.py published` or another part, or `all`.

Each part is a test file under tests/validation, too slow for `make test`; "size" is a study of its own, which takes
hours, keeps what it has measured, and takes options (`python tools/validate.py size --quick`). A part that is not
written yet says so.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("published", "size", "gates", "fuzz", "kills")
STUDIES = {"size": "size_study.py", "gates": "gates_study.py"}
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "NUMBA", "RAYON")}


def main() -> int:
    """Run the parts named on the command line; return the worst exit code."""
    asked, *options = sys.argv[1:] or ["all"]
    if asked not in (*PARTS, "all") or (options and asked not in STUDIES):
        print(f"There is no part “{' '.join([asked, *options])}”. There are: {', '.join(PARTS)}, all.", file=sys.stderr)
        return 2
    worst = 0
    for part in PARTS if asked == "all" else (asked,):
        script = ROOT / "tests" / "validation" / STUDIES.get(part, f"slow_{part}.py")
        if not script.is_file():
            print(f"{part}: not written yet")
            continue
        how = [str(script), *options] if part in STUDIES else ["-m", "pytest", "-q", str(script)]
        done = subprocess.run([sys.executable, *how], cwd=ROOT, env={**os.environ, **ONE_THREAD})
        worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
