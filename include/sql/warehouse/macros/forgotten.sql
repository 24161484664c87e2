{#
  What the warehouse, or a load, holds about forgotten customers. `forgotten` is a relation with their hashes and those of
  their orders (`forgotten_hash`): the table forgotten_hashes, or one that adds orders which it does not have yet.
#}

{# The hash of an order, as in forgotten_hashes. #}
{% macro order_hash(source, order_id="order_id") -%}
TO_HEX(SHA256(CONCAT({{ source }}, ' ', {{ order_id }})))
{%- endmacro %}

{# The hashes in forgotten_hashes, and those of the orders that name a forgotten customer in the relation `orders`. #}
{% macro hashes_with_orders(orders, chosen="TRUE") -%}
SELECT forgotten_hash
FROM `sales.forgotten_hashes`
UNION DISTINCT
-- Web events name an order without its source.
SELECT {{ order_hash("named_source", "orders.order_id") }} AS forgotten_hash
FROM {{ orders }} AS orders
CROSS JOIN UNNEST([orders.source, 'web_events']) AS named_source
WHERE
    {{ chosen }}
    AND orders.customer_hash IN (SELECT forgotten_hash FROM `sales.forgotten_hashes`)
{%- endmacro %}

{# Add to forgotten_hashes the orders that name a forgotten customer in the relation `orders`. #}
{% macro remember_orders(orders, chosen="TRUE") -%}
INSERT INTO `sales.forgotten_hashes` (forgotten_hash)
SELECT arriving.forgotten_hash
FROM (
    {{ hashes_with_orders(orders, chosen) | indent(4) }}
) AS arriving
WHERE arriving.forgotten_hash NOT IN (SELECT known.forgotten_hash FROM `sales.forgotten_hashes` AS known);
{%- endmacro %}

{% macro _is_forgotten(value, forgotten) -%}
{{ value }} IN (SELECT forgotten.forgotten_hash FROM {{ forgotten }} AS forgotten)
{%- endmacro %}

{# Whether a row of the table `name` holds something about a forgotten customer. #}
{% macro is_about_forgotten(name, forgotten) -%}
{% if name == "customers" -%}
{{ _is_forgotten("customer_hash", forgotten) }}
{%- elif name in ("orders", "order_lines") -%}
-- A source that has erased the address may name the customer of the order in another way.
    ({{ "attributes IS NOT NULL OR " if name == "orders" }}customer_hash IS NOT NULL)
    AND (
        {{ _is_forgotten("customer_hash", forgotten) }}
        OR {{ _is_forgotten(order_hash("source"), forgotten) }}
    )
{%- elif name == "refunds" -%}
reason IS NOT NULL
    AND {{ _is_forgotten(order_hash("source"), forgotten) }}
{%- elif name == "user_events" -%}
{{ _is_forgotten(order_hash("'web_events'"), forgotten) }}
{%- elif name == "rejected_rows" -%}
raw IS NOT NULL
    -- Earlier versions stored customer numbers.
    AND ({{ _is_forgotten(order_hash("source"), forgotten) }} OR raw LIKE '%"customer_id":%')
{%- endif %}
{%- endmacro %}

{# Clear what the rows of `target`, a table with the columns of `name`, hold about forgotten customers. #}
{% macro forget(name, target, forgotten, chosen="TRUE") -%}
{% if name == "customers" -%}
DELETE FROM {{ target }}
{% else -%}
UPDATE {{ target }}
SET
    {% if name == "orders" %}
    customer_hash = NULL,
    attributes = NULL
    {% else %}
    {{ {"order_lines": "customer_hash", "refunds": "reason", "user_events": "order_id", "rejected_rows": "raw"}[name] }} = NULL
    {% endif %}
{% endif -%}
WHERE
    {{ chosen }}
    AND {{ is_about_forgotten(name, forgotten) }};
{%- endmacro %}

{# Whether a load has rows about forgotten customers, as one of its days `stored["forgotten_hashes"]`. #}
{% macro days_of_forgotten(tables) -%}
SELECT
    'forgotten_hashes' AS name,
    {{ business_date }} AS business_date
FROM (
    {% for name in tables %}
    SELECT {{ "customer_hash" if name == "customers" else order_hash("'web_events'" if name == "user_events" else "source") }} AS forgotten_hash
    FROM `sales_staging.{{ name }}`
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
) AS arriving
INNER JOIN `sales.forgotten_hashes` AS forgotten
    ON arriving.forgotten_hash = forgotten.forgotten_hash
{%- endmacro %}
