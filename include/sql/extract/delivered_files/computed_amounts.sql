{#
  DuckDB, part of convert_records.sql: amounts of lines without tax, from those that the layout has: an amount of the line
  instead of a price, an amount after discount, amounts of the whole order, a rate of tax, prices that include tax.
#}
{% set rates = "tax_rate" in delivered.places or "tax_rate" in layout.constants %}
{% set order_amounts = ["discount", "tax", "shipping", "fee"] %}
{% macro windows() -%}
WINDOW
    until_here AS (PARTITION BY order_key, is_refund ORDER BY row_number ROWS UNBOUNDED PRECEDING),
    whole AS (
        PARTITION BY order_key, is_refund ORDER BY row_number
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
{%- endmacro %}
{% macro tax_by_rate(amount) -%}
{% if rates %}
share_of({{ amount }}, ten_thousandths(rate), ten_thousandths({{ "100 + rate" if layout.prices_include_tax else "100" }})),
{% endif %}
{%- endmacro %}

-- A line that cannot be computed has its fault in the place of the gross amount, and the transform rejects it.
typed AS (
    SELECT
        *,
        list_any_value(
            list_transform(
                [
                    {% for name in [
                        "unit_price", "line_amount", "amount_after_discount", "discount_amount", "tax_amount",
                        "tax_before_discount", "shipping_amount", "shipping_tax_amount", "shipping_tax_before_discount",
                        "shipping_discount_amount", "order_discount_amount", "order_tax_amount", "order_shipping_amount",
                        "order_fee_amount", "tax_rate"
                    ] %}
                    {'name': '{{ name }}', 'value': {{ "percentage(tax_rate)" if name == "tax_rate" else name }}},
                    {% endfor %}
                ],
                LAMBDA one: amount_fault(as_text(one.value), one.name) || ' = ' || one.value
            )
        ) AS invalid,
        coalesce(
            as_amount(line_amount),
            CASE WHEN as_text(unit_price) IS NULL THEN as_amount(amount_after_discount) + coalesce(as_amount(discount_amount), 0) END,
            -- Otherwise the transform rejects the line.
            CASE WHEN as_amount(quantity) > 0 AND as_amount(unit_price) >= 0 THEN product_of(as_amount(quantity), as_amount(unit_price)) END
        )::DECIMAL(18, 4) AS gross,
        coalesce(gross - as_amount(amount_after_discount), as_amount(discount_amount), 0)::DECIMAL(18, 4) AS own_discount,
        coalesce(as_amount(percentage(tax_rate)), 0) AS rate,
        (coalesce(as_amount(shipping_amount), 0) - coalesce(as_amount(shipping_discount_amount), 0))::DECIMAL(18, 4)
            AS own_shipping
    FROM converted
),

-- Amounts of the order, which its lines state or have 0 instead. A refund has none. Two amounts are those of lines.
with_order AS (
    SELECT
        * REPLACE (
            coalesce(
                invalid,
                {% for name in order_amounts %}
                CASE WHEN NOT is_refund AND least_{{ name }} <> most_{{ name }} THEN concat('invalid_number order_{{ name }}_amount = ', least_{{ name }}, ' and ', most_{{ name }}) END,
                {% endfor %}
                {% if rates %}
                -- A rate that is missing is not 0 %.
                CASE
                    WHEN
                        coalesce(as_amount(tax_amount), as_amount(tax_before_discount)) IS NULL
                        AND (is_refund OR stated_tax IS NULL)
                        THEN missing(as_text(tax_rate), 'tax_rate')
                END,
                {% endif %}
                NULL
            ) AS invalid
        ),
        row_number() OVER until_here = 1 AS is_first,
        {% for name in order_amounts %}
        CASE WHEN NOT is_refund THEN coalesce(most_{{ name }}, stated_{{ name }}) END AS order_{{ name }},
        {% endfor %}
        greatest(coalesce(gross - own_discount, 0), 0) AS worth,
        sum(worth) OVER until_here AS worth_until,
        sum(worth) OVER whole AS worth_of_order
    FROM (
        SELECT
            *,
            {% for name in order_amounts %}
            min(nullif(as_amount(order_{{ name }}_amount), 0)) OVER whole AS least_{{ name }},
            max(nullif(as_amount(order_{{ name }}_amount), 0)) OVER whole AS most_{{ name }},
            max(as_amount(order_{{ name }}_amount)) OVER whole AS stated_{{ name }},
            {% endfor %}
        FROM typed
        {{ windows() }}
    ) AS stated
    {{ windows() }}
),

discounted AS (
    SELECT
        *,
        (
            own_discount
            + coalesce(
                part_of(order_discount, worth, worth_until, worth_of_order),
                CASE WHEN is_first THEN order_discount END,
                0
            )
        )::DECIMAL(18, 4) AS discount,
        (own_shipping + CASE WHEN is_first THEN coalesce(order_shipping, 0) ELSE 0 END)::DECIMAL(18, 4) AS shipping
    FROM with_order
),

priced AS (
    SELECT
        *,
        (gross - discount)::DECIMAL(18, 4) AS paid,
        greatest(coalesce(paid, 0), 0) AS weight
    FROM discounted
),

-- The order's tax is divided among its lines, then its shipping, by what was paid for them.
weighed AS (
    SELECT
        *,
        sum(weight) OVER until_here AS weight_until,
        sum(weight) OVER whole AS weight_of_lines,
        sum(shipping) OVER whole AS shipping_of_order
    FROM priced
    {{ windows() }}
),

taxed AS (
    SELECT
        *,
        weight_of_lines + greatest(shipping_of_order, 0) AS weight_of_order,
        coalesce(
            part_of(order_tax, weight, weight_until, weight_of_order),
            as_amount(tax_amount),
            share_of(as_amount(tax_before_discount), ten_thousandths(paid), nullif(ten_thousandths(gross), 0)),
            {{ tax_by_rate("paid") }}
            0
        )::DECIMAL(18, 4) AS tax,
        coalesce(
            CASE WHEN is_first THEN part_of(order_tax, weight_of_order - weight_of_lines, weight_of_order, weight_of_order) END,
            as_amount(shipping_tax_amount),
            share_of(
                as_amount(shipping_tax_before_discount),
                ten_thousandths(own_shipping),
                nullif(ten_thousandths(as_amount(shipping_amount)), 0)
            ),
            {{ tax_by_rate("shipping") }}
            0
        )::DECIMAL(18, 4) AS shipping_tax
    FROM weighed
),

-- The discount without tax is what remains, so that gross less discount is exactly what was paid less tax.
net AS (
    SELECT
        *,
        {% if layout.prices_include_tax %}
        CASE
            WHEN discount = 0 THEN gross - tax
            WHEN paid > 0 THEN share_of(gross, ten_thousandths(paid - tax), ten_thousandths(paid))
            ELSE share_of(gross, 1000000, 1000000 + ten_thousandths(rate))
        END::DECIMAL(18, 4) AS net_gross,
        (net_gross - (paid - tax))::DECIMAL(18, 4) AS net_discount,
        (shipping - shipping_tax)::DECIMAL(18, 4) AS net_shipping
        {% else %}
        gross AS net_gross,
        discount AS net_discount,
        shipping AS net_shipping
        {% endif %}
    FROM taxed
),

computed AS (
    SELECT
        * REPLACE (
            {% if layout.prices_include_tax or "unit_price" not in delivered.places %}
            CASE
                WHEN as_amount(quantity) > 0 AND net_gross IS NOT NULL
                    THEN share_of(net_gross, 10000, ten_thousandths(as_amount(quantity)))::VARCHAR
                ELSE unit_price
            END AS unit_price,
            {% endif %}
            net_discount::VARCHAR AS discount_amount,
            tax::VARCHAR AS tax_amount,
            net_shipping::VARCHAR AS shipping_amount,
            shipping_tax::VARCHAR AS shipping_tax_amount,
            CASE
                WHEN amount_fault(as_text(fee_amount), '') IS NOT NULL THEN fee_amount
                WHEN is_first AND order_fee IS NOT NULL THEN (order_fee + coalesce(as_amount(fee_amount), 0))::VARCHAR
                ELSE fee_amount
            END AS fee_amount
        ),
        coalesce(invalid, net_gross::VARCHAR) AS gross_amount
    FROM net
)
