-- A catalogue has neither orders nor amounts.
SELECT
    {{ sources }} AS source,
    0 AS orders,
    NUMERIC '0' AS amount
