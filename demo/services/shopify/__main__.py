"""The shop as a program that runs in the foreground."""

from demo.services.shop_server import shop_arguments
from demo.services.shopify.server import Shopify

if __name__ == "__main__":
    options = shop_arguments("demo.services.shopify").parse_args()
    Shopify(**vars(options)).serve()
