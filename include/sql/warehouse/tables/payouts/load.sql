{% from "warehouse/macros/deliveries.sql" import deliveries with context %}
{% from "warehouse/macros/replace.sql" import insert_arriving with context %}
-- The newest read of a payout wins. One that a newer delivery of its file lacks, which another run has loaded, is cancelled.
{% if "payouts" in arriving %}
{% set names = columns("payouts") | map(attribute="name") | list %}
MERGE INTO `sales.payouts` AS stored
USING (
    SELECT
        staged.* EXCEPT (status, amount, read_at),
        deliveries.is_removed,
        IF(deliveries.is_removed, 'canceled', staged.status) AS status,
        IF(deliveries.is_removed, 0, staged.amount) AS amount,
        IF(deliveries.is_removed, deliveries.newer_received_at, staged.read_at) AS read_at
    FROM `sales_staging.payouts` AS staged
    LEFT JOIN (
{{ deliveries() | indent(8, first=True) }}
    ) AS deliveries
        ON
            staged.source = deliveries.source
            AND staged.payout_id = deliveries.order_id
) AS arriving
    ON
        stored.source = arriving.source
        AND stored.payout_id = arriving.payout_id
WHEN MATCHED AND arriving.read_at >= stored.read_at AND arriving.is_removed IS NOT TRUE THEN
    UPDATE SET
        {% for name in names %}
        {{ name }} = arriving.{{ name }}{{ "," if not loop.last }}
        {% endfor %}
WHEN NOT MATCHED THEN
{{ insert_arriving("payouts") }}
{% endif %}
