"""Run the benchmarks of docs/PERFORMANCE.md, each as a process that prints its table.

python -m benchmarks                                # all
python -m benchmarks storefront events              # these
python -m benchmarks extract --lines 10000000       # options of one: `python -m benchmarks.extract -h`
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.runner import REPOSITORY, module_command

SIZES = {
    "extract": "--lines 1000000 --days 5 --rounds 2",
    "transform": "--lines 1000000 --rounds 3",
    "storefront": "--rounds 3",
    "partner_csv": "--rounds 3",
    "events": "--events 2000000 --rounds 3",
    "history": "--lines 1000000 --files 8 --months 12",
    "overhead": "--rounds 3",
}
"""The default arguments of each benchmark."""


def main() -> None:
    names = []
    options = []
    for argument in sys.argv[1:]:
        if argument in SIZES:
            names.append(argument)
        else:
            options.append(argument)
    for name in names or SIZES:
        # A removed part has no file.
        if Path(__file__).with_name(f"{name}.py").exists():
            # The last of a repeated option counts.
            command = module_command(
                f"benchmarks.{name}", *SIZES[name].split(), *options
            )
            subprocess.run(
                command,
                cwd=REPOSITORY,
                check=True,
            )


if __name__ == "__main__":
    main()
