"""The storefront as a program that runs in the foreground."""

from demo.services.shop_server import serve_shop
from demo.services.storefront.server import Storefront

if __name__ == "__main__":
    serve_shop(Storefront)
