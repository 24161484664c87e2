-- A rerun of a week replaces the forecast with the same origin, whatever its model: each origin has one forecast per
-- day.
DELETE FROM `sales.sales_forecasts` AS stored
WHERE
    {{ read_days("stored.target_date") }}
    AND stored.made_at IN (SELECT made_at FROM `sales_staging.sales_forecasts`);

INSERT INTO `sales.sales_forecasts` (
    {{ columns("sales_forecasts") | map(attribute="name") | join(", ") }}
)
SELECT
    {{ columns("sales_forecasts") | map(attribute="name") | join(",\n    ") }}
FROM `sales_staging.sales_forecasts`;
