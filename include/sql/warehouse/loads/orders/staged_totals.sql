{% from "warehouse/macros/changed_rates.sql" import changed_rates with context %}
{% from "warehouse/macros/keys.sql" import keys %}
{% from "warehouse/macros/lock.sql" import lock_token with context %}
{% from "warehouse/macros/forgotten.sql" import days_of_forgotten with context %}
{% from "warehouse/macros/order_ids.sql" import days_of_orders with context %}
{% from "warehouse/macros/payments.sql" import payment_days with context %}
{% from "warehouse/macros/rejects.sql" import is_old with context %}
{% from "warehouse/macros/versions.sql" import is_newer %}
-- Runs first: counts the staged rows, and looks up the days of the stored rows that the next statements read. BigQuery
-- prunes partitions by constants only; without the days each load would read all orders in history. One statement reads
-- one state of the warehouse: the lock's token is that of all look-ups.
--
-- Staged rows, to compare with the manifests (MERGE and the joins of the load require unique keys), and days by table.
{% set optional = ["exchange_rates", "loaded_files", "payments", "payouts"] | select("in", arriving) | list %}
{% for name in ["order_versions", "orders", "order_lines", "refunds"] + optional %}
{% set key = keys["orders" if name == "order_versions" else name] %}
SELECT
    '{{ name }}' AS name,
    {{ "source" if "source" in key else "'" ~ spec.rates_source ~ "'" }} AS source,
    SUM(entries) AS entries,
    COUNT(*) AS different_keys,
    {{ "SUM(amount)" if name == "order_lines" else "CAST(NULL AS NUMERIC)" }} AS amount,
    CAST(NULL AS STRING) AS token,
    CAST(NULL AS DATE) AS business_date
FROM (
    SELECT
        {{ key | join(",\n        ") }},
        {% if name == "order_lines" %}
        SUM(gross_amount) AS amount,
        {% endif %}
        COUNT(*) AS entries
    FROM `sales_staging.{{ name }}`
    GROUP BY {{ key | join(", ") }}
) AS by_key
GROUP BY source
UNION ALL
{% endfor %}
{% for name in ["rejected_rows", "control_totals"] %}
SELECT
    '{{ name }}' AS name,
    source,
    COUNT(*) AS entries,
    COUNT(*) AS different_keys,
    CAST(NULL AS NUMERIC) AS amount,
    CAST(NULL AS STRING) AS token,
    CAST(NULL AS DATE) AS business_date
FROM `sales_staging.{{ name }}`
GROUP BY source
UNION ALL
{% endfor %}
-- Rows of orders without a version would never be loaded.
SELECT
    'orders missing from order_versions' AS name,
    without_version.source,
    COUNT(*) AS entries,
    0 AS different_keys,
    CAST(NULL AS NUMERIC) AS amount,
    CAST(NULL AS STRING) AS token,
    CAST(NULL AS DATE) AS business_date
FROM (
    {% for name in ["orders", "order_lines", "refunds"] %}
    SELECT
        source,
        order_id
    FROM `sales_staging.{{ name }}`
    {% if not loop.last %}
    UNION ALL
    {% endif %}
    {% endfor %}
) AS without_version
LEFT JOIN `sales_staging.order_versions` AS versions
    ON
        without_version.source = versions.source
        AND without_version.order_id = versions.order_id
WHERE versions.order_id IS NULL
GROUP BY without_version.source
UNION ALL
SELECT
    lock.*,
    NULL AS business_date
FROM (
{{ lock_token() | indent(4, first=True) }}
) AS lock
UNION ALL
SELECT
    days.name,
    NULL AS source,
    0 AS entries,
    0 AS different_keys,
    NULL AS amount,
    NULL AS token,
    days.business_date
FROM (
    SELECT
        kind AS name,
        business_date
    FROM (
{{ days_of_orders("`sales_staging.order_versions`") | indent(8, first=True) }}
    ) AS order_days
    {% if "exchange_rates" in arriving %}
    UNION DISTINCT
    SELECT
        'changed_rates' AS name,
        {{ business_date }} AS business_date
    FROM (
{{ changed_rates() | indent(8, first=True) }}
    ) AS rates
    UNION DISTINCT
    -- A rate converts the amounts of the seven days after it, where no newer one is published.
    SELECT
        'exchange_rates' AS name,
        stored.business_date
    FROM `sales.daily_summary` AS stored
    INNER JOIN (
{{ changed_rates() | indent(8, first=True) }}
    ) AS rates
        ON stored.business_date BETWEEN rates.rate_date AND DATE_ADD(rates.rate_date, INTERVAL 7 DAY)
    {% endif %}
    {% if "loaded_files" in arriving %}
    UNION DISTINCT
    -- Earlier and later deliveries of a staged file.
    SELECT
        'loaded_files' AS name,
        stored.business_date
    FROM `sales.loaded_files` AS stored
    INNER JOIN `sales_staging.loaded_files` AS delivered
        ON
            stored.source = delivered.source
            AND stored.file = delivered.file
    {% endif %}
    {% if "payments" in arriving or "payouts" in arriving %}
    UNION DISTINCT
    -- Payments that are staged again, or are in a payout that is read whole. An older one is found under its own day.
    SELECT
        'payments' AS name,
        stored.business_date
    FROM `sales.payments` AS stored
    LEFT JOIN `sales_staging.payments` AS staged
        ON
            stored.source = staged.source
            AND stored.payment_id = staged.payment_id
    LEFT JOIN `sales_staging.payouts` AS payouts
        ON
            stored.source = payouts.source
            AND stored.payout_id = payouts.payout_id
    WHERE
        stored.business_date >= DATE_SUB({{ business_date }}, INTERVAL {{ payment_days }} DAY)
        AND (staged.payment_id IS NOT NULL OR payouts.payout_id IS NOT NULL)
    UNION DISTINCT
    SELECT
        'payments' AS name,
        staged.business_date
    FROM `sales_staging.payments` AS staged
    {% endif %}
    UNION DISTINCT
    SELECT
        'rejected_rows' AS name,
        stored.business_date
    FROM `sales.rejected_rows` AS stored
    WHERE
        stored.business_date >= DATE '0001-01-01'
        AND {{ is_old() | indent(4) }}
    UNION DISTINCT
    -- Orders that are not in `orders`, now or before.
    SELECT
        'removed_orders' AS name,
        {{ business_date }} AS business_date
    FROM `sales_staging.order_versions` AS versions
    LEFT JOIN `sales_staging.orders` AS staged
        ON
            versions.source = staged.source
            AND versions.order_id = staged.order_id
    LEFT JOIN `sales.removed_orders` AS removed
        ON
            versions.source = removed.source
            AND versions.order_id = removed.order_id
    WHERE
        staged.order_id IS NULL
        OR removed.order_id IS NOT NULL
    UNION DISTINCT
    -- New or changed products.
    SELECT
        'products' AS name,
        {{ business_date }} AS business_date
    FROM `sales_staging.products` AS arriving
    LEFT JOIN `sales.products` AS stored
        ON arriving.sku = stored.sku
    WHERE
        stored.sku IS NULL
        OR {{ is_newer(["name", "category"]) }}
    UNION DISTINCT
    {{ days_of_forgotten(["customers", "order_versions", "rejected_rows"]) | indent(4) }}
    UNION DISTINCT
    -- An earlier load of this run.
    SELECT
        'load_audit' AS name,
        business_date
    FROM `sales.load_audit`
    WHERE
        business_date = {{ business_date }}
        AND run_id IN (SELECT this.run_id FROM `sales_staging.load_audit` AS this)
) AS days;
