-- Staged rows, to compare with the manifests. MERGE and the joins of the load require unique keys.
{% set keys = {
    "order_versions": ["source", "order_id"],
    "orders": ["source", "order_id"],
    "order_lines": ["source", "order_id", "line_number"],
    "refunds": ["source", "refund_id", "line_number"],
    "exchange_rates": ["rate_date", "currency"],
    "loaded_files": ["source", "file"],
} %}
{% for name, key in keys.items() %}
SELECT
    '{{ name }}' AS name,
    {{ "source" if "source" in key else "'exchange_rates'" }} AS source,
    COUNT(*) AS entries,
    COUNT(DISTINCT TO_JSON_STRING(STRUCT({{ key | join(", ") }}))) AS different_keys,
    {{ "SUM(gross_amount)" if name == "order_lines" else "CAST(NULL AS NUMERIC)" }} AS amount
FROM {{ staged(name) }}
GROUP BY source
UNION ALL
{% endfor %}
-- Rows of orders without a version would never be loaded.
SELECT
    'orders missing from order_versions' AS name,
    without_version.source,
    COUNT(*) AS entries,
    0 AS different_keys,
    CAST(NULL AS NUMERIC) AS amount
FROM (
    {% for name in ["orders", "order_lines", "refunds"] %}
    SELECT
        source,
        order_id
    FROM {{ staged(name) }}
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
) AS without_version
LEFT JOIN {{ staged("order_versions") }} AS versions
    ON
        without_version.source = versions.source
        AND without_version.order_id = versions.order_id
WHERE versions.order_id IS NULL
GROUP BY without_version.source;
