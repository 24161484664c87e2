{% from "warehouse/macros/exports.sql" import exports with context %}
-- The first complete day with known customers, and the first day of any export.
SELECT
    MIN(IF(complete AND customers > 0, business_date, NULL)) AS customers_since,
    (
        SELECT MIN(first_exported)
        FROM (
    {{ exports() }}
        ) AS exports
    ) AS first_exported
FROM {{ table("daily_summary") }}
