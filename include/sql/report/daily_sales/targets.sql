-- The targets of the month of the day, what is reached of them, and where the month will land; the whole shop first.
SELECT
    month,
    channel,
    business_date,
    target,
    expected_share,
    target_to_date,
    net_sales,
    reached_share,
    landing,
    landing_lower_80,
    landing_upper_80
FROM `sales.target_progress`
ORDER BY channel <> 'total', channel
