-- A catalogue has no orders and no amounts.
SELECT
    {{ sources }} AS source,
    0 AS orders,
    NUMERIC '0' AS amount
