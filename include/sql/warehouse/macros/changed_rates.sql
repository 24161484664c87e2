{# Staged exchange rates that are new, or were published again with another value; the newest read wins. #}
{% macro changed_rates() -%}
SELECT
    staged.rate_date,
    staged.currency,
    staged.rate
FROM `sales_staging.exchange_rates` AS staged
LEFT JOIN `sales.exchange_rates` AS known
    ON
        staged.rate_date = known.rate_date
        AND staged.currency = known.currency
WHERE
    known.rate IS NULL
    OR (
        known.rate <> staged.rate
        AND NOT EXISTS (
            SELECT 1
            FROM `sales.load_audit` AS earlier
            INNER JOIN `sales_staging.load_audit` AS this
                ON earlier.source = this.source
            WHERE
                earlier.business_date >= DATE '0001-01-01'
                AND this.source = '{{ spec.rates_source }}'
                AND earlier.status IN ('success', 'history')
                AND earlier.read_at > this.read_at
        )
    )
{%- endmacro %}
