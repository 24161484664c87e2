CREATE TABLE IF NOT EXISTS {{ table("customers") }} (
    customer_hash STRING NOT NULL OPTIONS (description = "Keyed hash of the customer's e-mail address, or of source and customer number where there is none."),
    country_code STRING OPTIONS (description = "Country in the source that changed the customer last."),
    first_ordered_at TIMESTAMP OPTIONS (description = "When the customer's first order that counts was created, over all history; NULL when there is none."),
    updated_at TIMESTAMP OPTIONS (description = "When that source last changed the customer.")
)
OPTIONS (
    description = "One row per customer, known by a keyed hash only."
);
