-- Days with complete sales: only these can be compared with a forecast.
SELECT business_date
FROM `sales.daily_summary`
WHERE business_date BETWEEN {{ first }} AND {{ day }}
    AND complete
