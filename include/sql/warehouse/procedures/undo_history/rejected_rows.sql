-- What was rejected of an export goes with its orders.
DELETE FROM {{ table("rejected_rows") }} AS stored
WHERE
    stored.business_date >= {{ first_day }}
    AND stored.source = @source
