{% from "warehouse/macros/check.sql" import check %}
{% call check("sales_forecasts: one row per series, day, model and origin", "error") %}
SELECT CONCAT(series, ' ', CAST(target_date AS STRING)) AS sample
FROM `sales.sales_forecasts`
WHERE {{ days("target_date") }}
GROUP BY series, target_date, model, made_at
HAVING COUNT(*) > 1
{% endcall %}

UNION ALL
{% call check("sales_forecasts: every forecast lies in its 80 % interval, and that in its 95 % interval", "error") %}
SELECT CONCAT(series, ' ', CAST(target_date AS STRING)) AS sample
FROM `sales.sales_forecasts`
WHERE
    {{ days("target_date") }}
    AND NOT (lower_95 <= lower_80 AND lower_80 <= forecast AND forecast <= upper_80 AND upper_80 <= upper_95)
{% endcall %};
