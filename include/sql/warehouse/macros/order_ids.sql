{#
  The ranges of order ids by day, for `stored_order_ids`. Sources number their orders in ascending order, so the orders
  of one day form a narrow range in each channel (a partner has numbers of its own) and length of id. Refunds of a day
  belong to orders of many days, and form a range for each. `chosen` is the condition on business_date.
#}
{% macro ranges(chosen) -%}
SELECT
    business_date,
    kind,
    source,
    id_length,
    MIN(order_id) AS first_order_id,
    MAX(order_id) AS last_order_id,
    COUNT(*) AS entries
FROM (
    {% for kind, ordered_on in [("orders", "business_date"), ("refunds", "order_business_date")] %}
    SELECT
        business_date,
        '{{ kind }}' AS kind,
        source,
        channel,
        {{ ordered_on }} AS ordered_on,
        LENGTH(order_id) AS id_length,
        order_id
    FROM {{ table(kind) }}
    WHERE {{ chosen }}
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
) AS stored
GROUP BY business_date, kind, source, channel, ordered_on, id_length
{%- endmacro %}

{#
  The days of `stored_order_ids` with a range that contains an order id of the relation `orders` (source, order_id):
  `kind`, `business_date`. For each range it finds the first id that is not before the range; one sort instead of a
  comparison of every id with every range.
#}
{% macro days_of_orders(orders) -%}
SELECT DISTINCT
    kind,
    business_date
FROM (
    SELECT
        kind,
        business_date,
        last_order_id,
        MIN(wanted_order_id) OVER (PARTITION BY source, id_length ORDER BY order_id DESC) AS next_wanted_order_id
    FROM (
        SELECT
            kind,
            business_date,
            source,
            id_length,
            first_order_id AS order_id,
            last_order_id,
            CAST(NULL AS STRING) AS wanted_order_id
        FROM {{ table("stored_order_ids") }}
        UNION ALL
        SELECT
            NULL AS kind,
            NULL AS business_date,
            source,
            LENGTH(order_id) AS id_length,
            order_id,
            NULL AS last_order_id,
            order_id AS wanted_order_id
        FROM {{ orders }}
    ) AS ids
) AS ranges
WHERE next_wanted_order_id <= last_order_id
{%- endmacro %}
