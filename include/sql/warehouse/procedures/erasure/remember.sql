-- Remembers a forgotten customer; from then on no load stores their hash.
INSERT INTO `sales.forgotten_hashes` (forgotten_hash, forgotten_at)
SELECT
    asked.customer_hash,
    CURRENT_TIMESTAMP() AS forgotten_at
FROM (SELECT @customer_hash AS customer_hash) AS asked
WHERE asked.customer_hash NOT IN (SELECT known.forgotten_hash FROM `sales.forgotten_hashes` AS known);
