-- Aborts the load, before it changes anything, where a day that it recomputes has fewer orders than the last load of the
-- day has counted: BigQuery has removed expired partitions, or somebody has deleted rows.
SELECT
    IF(
        COUNT(*) = 0,
        TRUE,
        ERROR(
            CONCAT(
                'orders were lost: ',
                STRING_AGG(
                    CONCAT(
                        CAST(business_date AS STRING), ' has ', CAST(stored AS STRING), ' of ', CAST(counted AS STRING)
                    ),
                    ', ' ORDER BY business_date
                ),
                ': nothing is loaded, see docs/RUNBOOK.md, Lost tables and rows'
            )
        )
    ) AS has_all_orders
FROM (
    SELECT
        summaries.business_date,
        MAX(summaries.orders) AS counted,
        COUNT(orders.order_id) AS stored
    FROM {{ table("daily_summary") }} AS summaries
    LEFT JOIN {{ table("orders") }} AS orders
        ON
            summaries.business_date = orders.business_date
            AND orders.is_sale
            AND NOT orders.is_test
            AND {{ days("orders.business_date") }}
    WHERE {{ days("summaries.business_date") }}
    GROUP BY summaries.business_date
) AS days
WHERE stored < counted;
