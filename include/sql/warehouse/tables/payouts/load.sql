{% from "warehouse/macros/replace.sql" import insert_arriving with context %}
-- The newest read of a payout wins.
{% if "payouts" in arriving %}
{% set names = columns("payouts") | map(attribute="name") | list %}
MERGE INTO `sales.payouts` AS stored
USING `sales_staging.payouts` AS arriving
    ON
        stored.source = arriving.source
        AND stored.payout_id = arriving.payout_id
WHEN MATCHED AND arriving.read_at >= stored.read_at THEN
    UPDATE SET
        {% for name in names %}
        {{ name }} = arriving.{{ name }}{{ "," if not loop.last }}
        {% endfor %}
WHEN NOT MATCHED THEN
{{ insert_arriving("payouts") }}
{% endif %}
