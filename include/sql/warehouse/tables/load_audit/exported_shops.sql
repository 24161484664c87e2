-- Shops of SHOPS that have the name of a loaded export.
SELECT source
FROM `sales.shops`
WHERE
    platform = 'export'
    AND source IN ({{ shop_names }})
ORDER BY source
