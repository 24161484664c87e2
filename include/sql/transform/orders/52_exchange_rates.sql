-- Loadable: reference rates, in units of the currency per euro; of a repeated rate the later line counts.

CREATE TABLE typed_rates AS
WITH cast_rates AS (
    SELECT
        source,
        file,
        row_number,
        try_cast(rate_date AS DATE) AS rate_date,
        upper(as_text(currency)) AS currency,
        try_cast(rate AS DECIMAL(18, 8)) AS rate,
        coalesce(
            missing(rate_date, 'rate_date'),
            CASE WHEN try_cast(rate_date AS DATE) IS NULL THEN 'invalid_timestamp rate_date' END,
            CASE
                WHEN try_cast(rate_date AS DATE) NOT BETWEEN DATE '1990-01-01' AND read_at_of(source)::DATE + 1
                    THEN 'timestamp_out_of_range rate_date'
            END,
            missing(currency, 'currency'),
            currency_fault(currency, 'currency'),
            missing(rate, 'rate'),
            number_fault(rate, 'rate'),
            CASE
                WHEN try_cast(rate AS DECIMAL(18, 8)) IS NULL OR regexp_matches(rate::VARCHAR, '\.\d{8}\d*[1-9]\d*$')
                    THEN 'too_many_digits rate'
            END,
            CASE WHEN try_cast(rate AS DECIMAL(18, 8)) <= 0 THEN 'invalid_number rate' END
        ) AS fault,
        to_json(struct_pack(*COLUMNS(* EXCLUDE (source)))) AS raw
    FROM with_source('staged_rates')
)

SELECT
    *,
    fault IS NULL AND row_number() OVER (
        PARTITION BY source, rate_date, currency ORDER BY fault IS NOT NULL, row_number DESC
    ) = 1 AS is_accepted
FROM cast_rates;

SELECT
    source,
    rate_date,
    currency,
    rate
FROM typed_rates
WHERE is_accepted;
