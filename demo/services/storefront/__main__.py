"""The storefront as a program that runs in the foreground."""

import argparse
import sys
from pathlib import Path

from demo.services.storefront.server import Storefront
from demo.services.storefront.versions import VERSIONS


def main(arguments: list[str]) -> None:
    """Run the storefront until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.services.storefront", description=__doc__
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="file of orders and products, see store.py",
    )
    parser.add_argument(
        "--mode",
        choices=VERSIONS,
        default="11",
        help="the WooCommerce version to imitate",
    )
    parser.add_argument(
        "--timezone", default="America/New_York", help="the site's timezone"
    )
    parser.add_argument(
        "--hiccups",
        type=int,
        default=0,
        help="respond to every n-th request with 429 or 503",
    )
    parser.add_argument(
        "--latency", type=float, default=0, help="seconds added to every response"
    )
    parser.add_argument(
        "--https-only", action="store_true", help="refuse keys sent in clear"
    )
    options = vars(parser.parse_args(arguments))
    Storefront(**options).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
