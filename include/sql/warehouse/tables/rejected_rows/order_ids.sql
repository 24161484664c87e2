-- Orders of a source with rejected records in the runs of some days.
SELECT DISTINCT order_id
FROM `sales.rejected_rows`
WHERE
    {{ days("business_date") }}
    AND source = @source
    AND order_id IS NOT NULL
ORDER BY order_id;
