{% from "warehouse/macros/versions.sql" import counted_values %}
{#
  Why this load changes figures of mailed days, with the number of orders by kind, source and channel. An order that is
  read again without changing the figures of its day is no cause: live sources return many such orders every day. `days`
  is the relation of touched days: business_date, is_mailed, causes.
#}
{% macro restatement_causes(days) -%}
WITH mailed AS (
    SELECT
        business_date,
        causes
    FROM {{ days }}
    WHERE is_mailed
),

order_states AS (
    SELECT
        replaced.source,
        replaced.order_id,
        GREATEST(
            COALESCE(replaced.stored_channel, staged.channel), COALESCE(staged.channel, replaced.stored_channel)
        ) AS channel,
        mailed.business_date,
        replaced.stored_business_date AS old_day,
        staged.business_date AS new_day,
        replaced.stored_values AS old_values,
        IF(staged.is_sale AND NOT staged.is_test, {{ counted_values("staged.") }}, NULL) AS new_values
    FROM `sales_staging.replaced_orders` AS replaced
    LEFT JOIN `sales_staging.orders` AS staged
        ON
            replaced.source = staged.source
            AND replaced.order_id = staged.order_id
    CROSS JOIN UNNEST([replaced.stored_business_date, staged.business_date]) AS changed_day
    INNER JOIN mailed
        ON changed_day = mailed.business_date
),

refund_states AS (
    SELECT
        source,
        order_id,
        business_date,
        MAX(channel) AS channel,
        SUM(difference) AS difference
    FROM (
        {% for name, chosen in [
            ("`sales.refunds`", any_of(stored["refunds"], "entries.business_date")), ("`sales_staging.refunds`", "TRUE")
        ] %}
        SELECT
            entries.source,
            entries.order_id,
            entries.channel,
            entries.business_date,
            {{ "-" if loop.first else "" }}entries.merchandise_amount AS difference
        FROM {{ name }} AS entries
        INNER JOIN `sales_staging.replaced_orders` AS replaced
            ON
                entries.source = replaced.source
                AND entries.order_id = replaced.order_id
        WHERE
            {{ chosen }}
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
    FROM mailed
    CROSS JOIN UNNEST(mailed.causes) AS cause
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
GROUP BY causes.business_date, causes.kind, causes.source, causes.channel
{%- endmacro %}
