"""Start of the command line: ``model-wards``, or ``python -m helpers``."""

import sys

from helpers.cli import run_command_line


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run_command_line(sys.argv[1:]))


if __name__ == "__main__":
    main()
