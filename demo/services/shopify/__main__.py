"""The shop as a program that runs in the foreground."""

import argparse
import sys
from pathlib import Path

from demo.services.shopify.server import Shopify


def main(arguments: list[str]) -> None:
    """Run the shop until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.services.shopify", description=__doc__
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="file of the shop's orders, see store.py",
    )
    parser.add_argument(
        "--timezone", help="the shop's timezone, instead of the one in the file"
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
    options = vars(parser.parse_args(arguments))
    Shopify(**options).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
