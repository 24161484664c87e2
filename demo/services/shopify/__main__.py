"""The shop as a program that runs in the foreground."""

from demo.services.shop_server import serve_shop
from demo.services.shopify.server import Shopify

if __name__ == "__main__":
    serve_shop(Shopify)
