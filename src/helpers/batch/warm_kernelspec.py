"""The kernelspec “model-wards (warm)” of JupyterLab and nbval; run as a module, this registers it beside `python3`.

    python -m helpers.batch.warm_kernelspec

It is written for this environment alone, and starts cold by itself wherever a warm kernel cannot be had.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager

from helpers.batch.provisioner import NAME

TITLE = "model-wards (warm)"


def kernelspec() -> dict[str, Any]:
    """Return what Jupyter is told of the kernel."""
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": TITLE,
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": NAME}},
    }


def register(prefix: str) -> Path:
    """Write the kernelspec under a prefix, such as that of this environment, and return its folder."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel.json").write_text(json.dumps(kernelspec(), indent=1), encoding="utf-8")
        return Path(KernelSpecManager().install_kernel_spec(folder, NAME, prefix=prefix))


if __name__ == "__main__":
    register(sys.prefix)
