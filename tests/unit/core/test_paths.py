"""SQL and templates are found where a service has put them."""

import os
import shutil
import subprocess
import sys

PROGRAM = """
from ecommerce.core import paths, templates
from ecommerce.transform import run
from ecommerce.warehouse import rendering
print(*{path.exists() and str(path.is_relative_to(r"{elsewhere}")) for path in (
    paths.INCLUDE, templates.TEMPLATES, run.FOLDER, rendering.SQL_ROOT,
)})
assert paths.read_sql("extract/sales_db/orders.sql")
print(len(rendering.tables()))
"""


def test_include_may_lie_apart_from_the_code(repository, tmp_path):
    """As in Cloud Composer, where only dags/, plugins/ and data/ reach the workers."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(
        repository / "plugins", tmp_path / "gcs" / "plugins", ignore=ignored
    )
    shutil.copytree(repository / "include", tmp_path / "gcs" / "data" / "include")
    elsewhere = tmp_path / "gcs" / "data"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{elsewhere}", str(elsewhere))],
        env=os.environ
        | {
            "PYTHONPATH": str(tmp_path / "gcs" / "plugins"),
            "INCLUDE_FOLDER": str(elsewhere / "include"),
        },
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    where, tables = done.stdout.splitlines()[-2:]
    assert where == "True"
    assert int(tables) > 10
