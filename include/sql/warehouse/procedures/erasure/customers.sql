DELETE FROM {{ table("customers") }}
WHERE customer_hash = @customer_hash;
