UPDATE {{ table("order_lines") }}
SET customer_hash = NULL
WHERE
    business_date >= {{ first_day }}
    AND customer_hash = @customer_hash;
