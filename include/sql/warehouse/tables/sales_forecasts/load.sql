-- A forecast is replaced by one of the same model, made from what was known on the same day: a week that is run again.
DELETE FROM {{ table("sales_forecasts") }} AS stored
WHERE
    {{ read_days("stored.target_date") }}
    AND stored.made_at IN (SELECT made_at FROM {{ staged("sales_forecasts") }})
    AND stored.model IN (SELECT model FROM {{ staged("sales_forecasts") }});

INSERT INTO {{ table("sales_forecasts") }} (
    {{ columns("sales_forecasts") | map(attribute="name") | join(", ") }}
)
SELECT
    {{ columns("sales_forecasts") | map(attribute="name") | join(",\n    ") }}
FROM {{ staged("sales_forecasts") }};
