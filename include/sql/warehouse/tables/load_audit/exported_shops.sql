-- Shops of SHOPS that have the name of a loaded export.
SELECT source
FROM `sales.shops`
WHERE
    platform = 'export'
    AND source IN (
        {%- for platform, names in shops.items() %}{% for name in names %}'{{ platform }}_{{ name }}', {% endfor %}{% endfor -%}
        ''
    )
ORDER BY source
