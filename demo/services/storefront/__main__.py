"""The storefront as a program that runs in the foreground."""

from demo.services.shop_server import shop_arguments
from demo.services.storefront.server import Storefront
from demo.services.storefront.versions import VERSIONS

if __name__ == "__main__":
    parser = shop_arguments("demo.services.storefront")
    parser.add_argument(
        "--mode",
        choices=VERSIONS,
        default="11",
        help="the WooCommerce version to imitate",
    )
    Storefront(**vars(parser.parse_args())).serve()
