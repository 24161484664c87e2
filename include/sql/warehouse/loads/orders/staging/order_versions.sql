CREATE TABLE IF NOT EXISTS {{ staged("order_versions") }} (
    source STRING OPTIONS (description = "Where the order comes from."),
    order_id STRING OPTIONS (description = "The order's number at its source."),
    version_updated_at TIMESTAMP OPTIONS (description = "Version by the source's clock; NULL where versions compare by read_at."),
    read_at TIMESTAMP OPTIONS (description = "Start of the read, or time the file was received.")
)
OPTIONS (
    description = "The orders one load replaces as a whole; one without a row in `orders` has been removed."
);
