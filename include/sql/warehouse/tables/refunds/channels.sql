-- The channels of a source with refunds: in partner files, the partners.
SELECT DISTINCT channel
FROM `sales.refunds`
WHERE
    business_date >= DATE '0001-01-01'
    AND source = @source;
