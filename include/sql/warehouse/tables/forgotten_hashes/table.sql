CREATE TABLE IF NOT EXISTS `sales.forgotten_hashes` (
    forgotten_hash STRING NOT NULL OPTIONS (description = "Keyed hash of a forgotten customer, as it was in `customers`; or the SHA-256 hash of the source and id of one of their orders."),
    forgotten_at TIMESTAMP OPTIONS (description = "When the customer was forgotten; NULL for an order, so that nothing links it to a customer.")
)
OPTIONS (
    description = "One row per customer that make forget-customer has erased, and per order of theirs. No load stores what these hashes identify."
);
