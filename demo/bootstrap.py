"""An alias of `deploy/bootstrap.py`: `python3 demo/bootstrap.py demo` is `make demo`."""

import runpy
from pathlib import Path

if __name__ == "__main__":
    runpy.run_path(
        str(Path(__file__).resolve().parents[1] / "deploy" / "bootstrap.py"),
        run_name="__main__",
    )
