-- Aborts the load, before it changes anything, where a day that it recomputes would have fewer orders than its last load
-- has counted although no order is removed: BigQuery has removed expired partitions, or somebody has deleted rows. A
-- load that brings them back is not aborted.
SELECT
    IF(
        COUNT(*) = 0,
        TRUE,
        ERROR(
            CONCAT(
                'orders were lost: ',
                STRING_AGG(
                    CONCAT(
                        CAST(business_date AS STRING), ' has ', CAST(known AS STRING), ' of ', CAST(counted AS STRING)
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
        COUNT(known_orders.order_id) AS known
    FROM `sales.daily_summary` AS summaries
    LEFT JOIN (
        {% for orders in ["`sales.orders`", "`sales_staging.orders`"] %}
        SELECT
            business_date,
            source,
            order_id
        FROM {{ orders }}
        WHERE
            {{ days("business_date") }}
            AND is_sale
            AND NOT is_test
        {{ "UNION DISTINCT" if not loop.last }}
        {% endfor %}
    ) AS known_orders
        ON summaries.business_date = known_orders.business_date
    WHERE {{ days("summaries.business_date") }}
    GROUP BY summaries.business_date
) AS days
WHERE known < counted;
