{% from "warehouse/macros/exports.sql" import exports with context %}
-- Shops of SHOPS that have the name of a loaded export.
SELECT source
FROM (
    {{ exports() | indent(4) }}
) AS exported
WHERE source IN ({{ shop_names }})
ORDER BY source
