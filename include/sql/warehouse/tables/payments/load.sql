{% from "warehouse/macros/replace.sql" import insert_arriving with context %}
-- The newest read of a payment wins, and the newest fee: a source may lose it again. A payout is read with all its
-- payments: stored ones that it lacks are removed, and an older read does not add them again.
--
-- BigQuery allows no correlated subquery in the clauses of a MERGE, so its source has the final values.
{% if "payments" in arriving or stored["payments"] %}
{% set names = columns("payments") | map(attribute="name") | list %}
MERGE INTO `sales.payments` AS stored
USING (
    WITH versions AS (
        SELECT
            staged.*,
            1 AS is_staged
        FROM `sales_staging.payments` AS staged
        LEFT JOIN `sales.payments` AS known
            ON
                {{ any_of(stored["payments"], "known.business_date") }}
                AND staged.source = known.source
                AND staged.payment_id = known.payment_id
        LEFT JOIN `sales.payouts` AS newer
            ON
                staged.source = newer.source
                AND staged.payout_id = newer.payout_id
                AND staged.read_at < newer.read_at
        WHERE
            known.payment_id IS NOT NULL
            OR newer.payout_id IS NULL
        UNION ALL
        SELECT
            known.*,
            0 AS is_staged
        FROM `sales.payments` AS known
        INNER JOIN `sales_staging.payments` AS staged
            ON
                known.source = staged.source
                AND known.payment_id = staged.payment_id
        WHERE {{ any_of(stored["payments"], "known.business_date") }}
    ),

    merged AS (
        SELECT
            versions.* EXCEPT (fee_amount, fee_read_at),
            FIRST_VALUE(fee_amount)
                OVER (PARTITION BY source, payment_id ORDER BY fee_read_at DESC, is_staged DESC) AS fee_amount,
            FIRST_VALUE(fee_read_at)
                OVER (PARTITION BY source, payment_id ORDER BY fee_read_at DESC, is_staged DESC) AS fee_read_at,
            ROW_NUMBER() OVER (PARTITION BY source, payment_id ORDER BY read_at DESC, is_staged DESC) AS place
        FROM versions
    )

    SELECT
        {% for name in names %}
        {{ "amount - fee_amount AS net_amount" if name == "net_amount" else name }},
        {% endfor %}
        FALSE AS is_removed
    FROM merged
    WHERE place = 1
    UNION ALL
    SELECT
        {% for name in names %}
        known.{{ name }},
        {% endfor %}
        TRUE AS is_removed
    FROM `sales.payments` AS known
    INNER JOIN `sales_staging.payouts` AS payouts
        ON
            known.source = payouts.source
            AND known.payout_id = payouts.payout_id
            AND known.read_at <= payouts.read_at
    LEFT JOIN `sales_staging.payments` AS staged
        ON
            known.source = staged.source
            AND known.payment_id = staged.payment_id
    WHERE
        {{ any_of(stored["payments"], "known.business_date") }}
        AND staged.payment_id IS NULL
) AS arriving
    ON
        {{ any_of(stored["payments"], "stored.business_date") }}
        AND stored.source = arriving.source
        AND stored.payment_id = arriving.payment_id
WHEN MATCHED AND arriving.is_removed THEN
    DELETE
WHEN MATCHED THEN
    UPDATE SET
        {% for name in names %}
        {{ name }} = arriving.{{ name }}{{ "," if not loop.last }}
        {% endfor %}
WHEN NOT MATCHED THEN
{{ insert_arriving("payments") }}
{% endif %}
