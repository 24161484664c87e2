CREATE TABLE IF NOT EXISTS `sales_staging.order_versions` (
    source STRING OPTIONS (description = "Source of the order."),
    order_id STRING OPTIONS (description = "Order number in its source."),
    version_updated_at TIMESTAMP OPTIONS (description = "Version by the source's clock; NULL where versions are compared by read_at."),
    read_at TIMESTAMP OPTIONS (description = "Start of the read; for files, when the file was received.")
)
OPTIONS (
    description = "One row per order that the load replaces as a whole; an order without a row in `orders` has been removed."
);
