{#
  Customers of a replaced order, in its old or its new version, with the stored and the arriving first order.
  `is_left`: the stored first order is replaced, so another one may be the first.
#}
{% macro affected_customers() -%}
SELECT
    affected.customer_hash,
    affected.arriving_at,
    stored.first_ordered_at,
    COALESCE(
        affected.leaving_at <= stored.first_ordered_at
        AND COALESCE(affected.arriving_at > stored.first_ordered_at, TRUE),
        FALSE
    ) AS is_left
FROM (
    SELECT
        customer_hash,
        MIN(arriving_at) AS arriving_at,
        MIN(leaving_at) AS leaving_at
    FROM (
        SELECT
            staged.customer_hash,
            IF(staged.is_sale AND NOT staged.is_test, staged.ordered_at, NULL) AS arriving_at,
            CAST(NULL AS TIMESTAMP) AS leaving_at
        FROM `sales_staging.orders` AS staged
        INNER JOIN `sales_staging.replaced_orders` AS replaced
            ON
                staged.source = replaced.source
                AND staged.order_id = replaced.order_id
        UNION ALL
        SELECT
            stored_customer_hash,
            NULL AS arriving_at,
            stored_counted_at AS leaving_at
        FROM `sales_staging.replaced_orders`
    ) AS versions
    WHERE customer_hash IS NOT NULL
    GROUP BY customer_hash
) AS affected
LEFT JOIN `sales.customers` AS stored
    ON affected.customer_hash = stored.customer_hash
{%- endmacro %}

{#
  The first order of each of these customers, as stored and after the load. Of a customer whose stored first order is
  replaced, the orders that stay are read from `earliest_date` on: none is older. It is a variable or a literal; NULL
  where no customer loses a stored order.
#}
{% macro first_orders(earliest_date) -%}
SELECT
    customer_hash,
    stored_first_ordered_at,
    LEAST(COALESCE(arriving_at, staying_at), COALESCE(staying_at, arriving_at)) AS first_ordered_at
FROM (
    {% if earliest_date == "NULL" %}
    SELECT
        customer_hash,
        arriving_at,
        first_ordered_at AS stored_first_ordered_at,
        first_ordered_at AS staying_at
    FROM (
{{ affected_customers() | indent(8, first=True) }}
    ) AS affected
    {% else %}
    SELECT
        affected.customer_hash,
        affected.arriving_at,
        affected.first_ordered_at AS stored_first_ordered_at,
        IF(affected.is_left, staying.ordered_at, affected.first_ordered_at) AS staying_at
    FROM (
{{ affected_customers() | indent(8, first=True) }}
    ) AS affected
    LEFT JOIN (
        SELECT
            stored.customer_hash,
            MIN(stored.ordered_at) AS ordered_at
        FROM `sales.orders` AS stored
        LEFT JOIN `sales_staging.replaced_orders` AS replaced
            ON
                stored.source = replaced.source
                AND stored.order_id = replaced.order_id
        WHERE
            stored.business_date >= {{ earliest_date }}
            AND stored.is_sale
            AND NOT stored.is_test
            AND replaced.order_id IS NULL
        GROUP BY stored.customer_hash
    ) AS staying
        ON affected.customer_hash = staying.customer_hash
    {% endif %}
) AS customers
{%- endmacro %}
