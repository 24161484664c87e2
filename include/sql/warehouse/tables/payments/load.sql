{% from "warehouse/macros/replace.sql" import insert_arriving with context %}
-- The newest read of a payment wins, and the newest fee in its currency: a source may lose it again. A payout is read
-- with all its payments: those that its newest read lacks are removed, and an older read does not add them again. So this
-- follows the load of payouts.
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
                OVER (PARTITION BY source, payment_id, currency ORDER BY fee_read_at DESC, is_staged DESC) AS fee_amount,
            FIRST_VALUE(fee_read_at)
                OVER (PARTITION BY source, payment_id, currency ORDER BY fee_read_at DESC, is_staged DESC) AS fee_read_at,
            ROW_NUMBER() OVER (PARTITION BY source, payment_id ORDER BY read_at DESC, is_staged DESC) AS place
        FROM versions
    )

    SELECT
        {% for name in names %}
        {{ "merged.amount - merged.fee_amount AS net_amount" if name == "net_amount" else "merged." ~ name }},
        {% endfor %}
        newer.payout_id IS NOT NULL AS is_removed
    FROM merged
    LEFT JOIN `sales.payouts` AS newer
        ON
            merged.source = newer.source
            AND merged.payout_id = newer.payout_id
            AND merged.read_at < newer.read_at
    WHERE merged.place = 1
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
WHEN NOT MATCHED AND NOT arriving.is_removed THEN
{{ insert_arriving("payments") }}
{% endif %}
