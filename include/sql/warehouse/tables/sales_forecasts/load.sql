-- A forecast is replaced by one that was made from what was known on the same day, whatever its model: a week that is run
-- again. So there is never more than one of a day.
DELETE FROM {{ table("sales_forecasts") }} AS stored
WHERE
    {{ read_days("stored.target_date") }}
    AND stored.made_at IN (SELECT made_at FROM {{ staged("sales_forecasts") }});

INSERT INTO {{ table("sales_forecasts") }} (
    {{ columns("sales_forecasts") | map(attribute="name") | join(", ") }}
)
SELECT
    {{ columns("sales_forecasts") | map(attribute="name") | join(",\n    ") }}
FROM {{ staged("sales_forecasts") }};
