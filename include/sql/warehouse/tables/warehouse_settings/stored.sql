SELECT
    setting,
    value
FROM {{ table("warehouse_settings") }};
