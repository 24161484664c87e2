{% from "warehouse/macros/conversion.sql" import converted, rate_columns, rounded with context %}
{% set amounts = ["unit_price", "gross_amount", "discount_amount", "amount_after_discount", "tax_amount", "cost_amount"] %}
CREATE VIEW IF NOT EXISTS `sales.order_lines_reporting` (
    {% for column in columns("order_lines") %}
    {{ column.name }} OPTIONS (
        description = "{{ "In reporting currency; NULL without an exchange rate." if column.name in amounts
            else "Currency of the order; the amounts are in reporting currency." if column.name == "currency"
            else "ISO 3166 alpha-2 country of delivery; 'ZZ' when unknown." if column.name == "country_code"
            else column.description }}"
    ),
    {% endfor %}
    rate OPTIONS (description = "Units of the reporting currency per unit of the order's currency; NULL when unknown."),
    rate_date OPTIONS (description = "Publication day of the rate; NULL where none is needed or known.")
)
OPTIONS (
    description = "One row per order line, with amounts in reporting currency at the rate of the business date."
)
AS
WITH rated AS (
    SELECT
        lines.* REPLACE (COALESCE(lines.country_code, 'ZZ') AS country_code),
        rates.rate_date,
        {{ rate_columns("lines.currency", "rates") }}
    FROM `sales.order_lines` AS lines
    LEFT JOIN `sales.conversion_rates` AS rates
        ON
            lines.business_date = rates.business_date
            AND lines.currency = rates.currency
    WHERE lines.business_date >= DATE '0001-01-01'
)

SELECT
    {% for column in columns("order_lines") %}
    {% if column.name in amounts %}
    CAST({{ rounded(converted(column.name)) }} AS BIGNUMERIC) AS {{ column.name }},
    {% else %}
    {{ column.name }},
    {% endif %}
    {% endfor %}
    reporting_rate / order_rate AS rate,
    IF(currency = {{ reporting_currency }}, NULL, rate_date) AS rate_date
FROM rated;
