-- Origins of the stored forecasts, as days.
SELECT DISTINCT DATE(made_at, {{ shop_timezone }}) AS as_of
FROM `sales.sales_forecasts`
WHERE
    target_date BETWEEN {{ first }} AND {{ day }}
    AND series = 'total';
