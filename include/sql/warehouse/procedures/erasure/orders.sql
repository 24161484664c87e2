-- The orders stay, and every figure with them; nobody can tell any more that they were this customer's.
UPDATE {{ table("orders") }}
SET customer_hash = NULL
WHERE customer_hash = @customer_hash;
