"""What sqlfluff needs of `ecommerce.warehouse.rendering` to read the templates of include/sql."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins"))

from ecommerce.warehouse.rendering import RESTATED as restated_figures
from ecommerce.warehouse.rendering import columns

__all__ = ["columns", "restated_figures"]
