CREATE TABLE IF NOT EXISTS `sales.customers` (
    customer_hash STRING NOT NULL OPTIONS (description = "Keyed hash of the customer's e-mail address; without an address, of source and customer number."),
    country_code STRING OPTIONS (description = "ISO 3166 alpha-2 country in the source that changed the customer last; NULL when unknown."),
    first_ordered_at TIMESTAMP OPTIONS (description = "When the customer's first counted order in all history was created; NULL without one."),
    updated_at TIMESTAMP OPTIONS (description = "When that source changed the customer.")
)
OPTIONS (
    description = "One row per customer, identified by a keyed hash only."
);
