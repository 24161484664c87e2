-- Number of loaded rows by table.
{% for name in ["orders", "order_lines", "refunds"] %}
SELECT
    '{{ name }}' AS name,
    COUNT(*) AS entries
FROM {{ staged(name) }} AS staged
INNER JOIN {{ staged("replaced_orders") }} AS replaced
    ON
        staged.source = replaced.source
        AND staged.order_id = replaced.order_id
UNION ALL
{% endfor %}
{% for name in ["rejected_rows", "loaded_files", "changed_rates", "customers", "products"] %}
SELECT
    '{{ "exchange_rates" if name == "changed_rates" else name }}' AS name,
    COUNT(*) AS entries
FROM {{ staged(name) }}
{% if not loop.last %}
UNION ALL
{% endif %}
{% endfor %}
