-- Why this load changes figures of mailed days. It runs before the tables change. An order that is read again without
-- changing the figures of its day is no cause: live sources return many such orders every day.
DELETE FROM {{ staged("restatement_causes") }} AS stored
WHERE TRUE;

INSERT INTO {{ staged("restatement_causes") }} (business_date, kind, source, channel, orders)
WITH mailed AS (
    SELECT DISTINCT business_date
    FROM {{ table("report_deliveries") }}
    WHERE
        state = 'sent'
        AND {{ days("business_date") }}
),

order_states AS (
    SELECT
        source,
        order_id,
        MAX(channel) AS channel,
        MAX(IF(is_new, NULL, business_date)) AS old_day,
        MAX(IF(is_new, business_date, NULL)) AS new_day,
        MAX(IF(is_new OR NOT is_counted, NULL, counted_values)) AS old_values,
        MAX(IF(is_new AND is_counted, counted_values, NULL)) AS new_values
    FROM (
        {% for name in [table("orders"), staged("orders")] %}
        SELECT
            entries.source,
            entries.order_id,
            entries.channel,
            entries.business_date,
            {{ "FALSE" if loop.first else "TRUE" }} AS is_new,
            entries.is_sale AND NOT entries.is_test AS is_counted,
            TO_JSON_STRING(
                STRUCT(
                    entries.business_date, entries.customer_hash, entries.currency, entries.item_count
                    {%- for amount in ["gross", "discount", "tax", "shipping"] %},
                    CAST(10000 * entries.{{ amount }}_amount AS INT64)
                    {%- endfor %}
                )
            ) AS counted_values
        FROM {{ name }} AS entries
        INNER JOIN {{ staged("replaced_orders") }} AS replaced
            ON
                entries.source = replaced.source
                AND entries.order_id = replaced.order_id
        WHERE {{ days("entries.business_date") }}
        {% if not loop.last %}
        UNION ALL
        {% endif %}
        {% endfor %}
    ) AS versions
    GROUP BY source, order_id
),

refund_states AS (
    SELECT
        source,
        order_id,
        business_date,
        MAX(channel) AS channel,
        SUM(difference) AS difference
    FROM (
        {% for name in [table("refunds"), staged("refunds")] %}
        SELECT
            entries.source,
            entries.order_id,
            entries.channel,
            entries.business_date,
            {{ "-" if loop.first else "" }}entries.merchandise_amount AS difference
        FROM {{ name }} AS entries
        INNER JOIN {{ staged("replaced_orders") }} AS replaced
            ON
                entries.source = replaced.source
                AND entries.order_id = replaced.order_id
        WHERE
            {{ days("entries.business_date") }}
            AND entries.is_sale
            AND NOT entries.is_test
        {% if not loop.last %}
        UNION ALL
        {% endif %}
        {% endfor %}
    ) AS versions
    GROUP BY source, order_id, business_date
),

causes AS (
    SELECT
        business_date,
        CASE
            WHEN new_values IS NOT NULL AND old_day IS NULL THEN 'late'
            WHEN new_values IS NOT NULL THEN 'changed'
            WHEN new_day IS NOT NULL THEN 'cancelled'
            ELSE 'removed'
        END AS kind,
        source,
        channel,
        order_id
    FROM order_states
    CROSS JOIN UNNEST([old_day, new_day]) AS business_date
    WHERE old_values IS DISTINCT FROM new_values
    UNION ALL
    SELECT
        business_date,
        IF(difference > 0, 'refunded', 'unrefunded') AS kind,
        source,
        channel,
        order_id
    FROM refund_states
    WHERE difference <> 0
    UNION ALL
    SELECT
        business_date,
        IF(cause = 'new exchange rates', 'rates', 'first_orders') AS kind,
        NULL AS source,
        NULL AS channel,
        NULL AS order_id
    FROM {{ staged("touched_days") }}
    WHERE cause IN ('new exchange rates', 'first orders of customers')
)

SELECT
    causes.business_date,
    causes.kind,
    causes.source,
    causes.channel,
    NULLIF(COUNT(DISTINCT causes.order_id), 0) AS orders
FROM causes
INNER JOIN mailed
    ON causes.business_date = mailed.business_date
GROUP BY causes.business_date, causes.kind, causes.source, causes.channel;
