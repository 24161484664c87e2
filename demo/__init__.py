"""A small made-up company to run the pipelines against: its data, its systems, its incidents."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugins"))
