"""axe-core, which finds what keeps people from using a page. `make test-browser` fetches it from the package
index of npm, in the one version whose checksum stands here; the tests read it."""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "4.14.1"
INTEGRITY = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
"""Of the package as npm publishes it."""
FOLDER = Path(__file__).parents[2] / ".bench"
FILE = FOLDER / f"axe-core-{VERSION}.tgz"


def fetch():
    """The package; fetched where it is not there yet.

    Raises:
        RuntimeError: npm is not there or cannot fetch it, or it is another file.
    """
    if not FILE.exists():
        if not shutil.which("npm"):
            raise RuntimeError(
                "axe-core is fetched by npm (Debian and Ubuntu: apt install npm)"
            )
        FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            command = ["npm", "pack", f"axe-core@{VERSION}"]
            packed = subprocess.run(
                command, cwd=folder, check=False, capture_output=True, text=True
            )
            if packed.returncode:
                raise RuntimeError(f"npm cannot fetch axe-core: {packed.stderr[-500:]}")
            next(Path(folder).glob("*.tgz")).replace(FILE)
    found = base64.b64encode(hashlib.sha512(FILE.read_bytes()).digest()).decode()
    if f"sha512-{found}" != INTEGRITY:
        raise RuntimeError(f"{FILE} is not axe-core {VERSION}: remove it")
    return FILE


def source():
    """The script itself."""
    with tarfile.open(fileobj=io.BytesIO(fetch().read_bytes())) as package:
        member = package.extractfile("package/axe.min.js")
        assert member
        return member.read().decode()


def violations(page, script):
    """What is wrong with `page`: rule, what it says, and the elements."""
    # Through the debugger, because the pages' policy forbids scripts.
    page.evaluate(script)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    violations = []
    for violation in found["violations"]:
        elements = [node["html"] for node in violation["nodes"]]
        violations.append((violation["id"], violation["help"], elements))
    return violations


if __name__ == "__main__":
    fetch()
