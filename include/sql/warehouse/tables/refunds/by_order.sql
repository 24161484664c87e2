-- Stored refunds of storefront orders; unchanged refunds are not read again.
SELECT
    {{ columns("refunds") | map(attribute="name") | join(",\n    ") }}
FROM {{ table("refunds") }}
WHERE
    {{ days("business_date") }}
    AND source = 'storefront'
    AND order_id IN UNNEST(@order_ids);
