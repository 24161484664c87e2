-- The orders and all figures are kept, without the link to the customer.
UPDATE {{ table("orders") }}
SET customer_hash = NULL
WHERE customer_hash = @customer_hash;
