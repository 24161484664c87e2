"""SQL and templates are found where a service has put them."""

import os
import shutil
import subprocess
import sys

PROGRAM = """
from pathlib import Path
from ecommerce.core import paths, templates
from ecommerce.transform import run
from ecommerce.warehouse import rendering
for path in (paths.INCLUDE, templates.TEMPLATES, run.FOLDER, rendering.SQL_ROOT):
    assert path.is_relative_to(Path("include").absolute()), path
    assert path.exists()
assert paths.read_sql("extract/sales_db/orders.sql")
print(len(rendering.tables()))
"""


def test_include_may_lie_apart_from_the_code(repository, tmp_path):
    """As in Cloud Composer, where only dags/, plugins/ and data/ reach the workers."""
    shutil.copytree(repository / "include", tmp_path / "include")
    own = {
        "PYTHONPATH": str(repository / "plugins"),
        "INCLUDE_FOLDER": str(tmp_path / "include"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | own,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.splitlines()[-1]) > 10
