{% from "warehouse/macros/exports.sql" import exports with context %}
-- One row with the first business day of any export; NULL without one.
SELECT MIN(exports.first_exported) AS first_exported
FROM (
    {{ exports() }}
) AS exports
