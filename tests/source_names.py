"""Names of sources, as in task ids and tables."""

SALES_DB = "sales_db"
STOREFRONT = "storefront"
SHOPIFY = "shopify"
PARTNER_FILES = "partner_files"
EXCHANGE_RATES = "exchange_rates"
