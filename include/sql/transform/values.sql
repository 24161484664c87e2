-- How a value of any source is read: numbers, instants, e-mail addresses. Only macros; nothing is read here.
--
-- A fault is a text '<reason> <column>'; it is NULL when the value is fine or absent. Columns that a
-- source already typed do not pay for checks of text, because typeof() is known before the query runs.

CREATE MACRO is_text(value) AS typeof(value) = 'VARCHAR';

CREATE MACRO missing(value, name) AS CASE WHEN value IS NULL THEN 'missing_value ' || name END;

-- A text without blanks around it; the empty text becomes NULL.
CREATE MACRO as_text(value) AS nullif(trim(value), '');

CREATE MACRO number_fault(value, name) AS CASE
    WHEN NOT regexp_full_match(trim(value::VARCHAR), '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?')
        THEN 'invalid_number ' || name
END;

-- Amounts up to 11 integer digits, prices up to 10 and quantities up to 7, with 4 decimals, exactly. Zeros beyond them
-- do no harm. What is larger is a product number in the wrong column. A sum of 1,000 such amounts fits its column.
CREATE MACRO amount_limit() AS 100000000000;
CREATE MACRO price_limit() AS 10000000000;
CREATE MACRO quantity_limit() AS 10000000;

CREATE MACRO as_amount(value) AS try_cast(value AS DECIMAL(18, 4));

-- The texts are checked because the cast alone takes 1_000 and rounds 1.23456 in silence.
CREATE MACRO amount_fault(value, name) AS CASE
    WHEN value IS NULL THEN NULL
    WHEN regexp_matches(typeof(value), '^(DECIMAL\(\d+,[0-4]\)|U?(TINY|SMALL|BIG)?INT(EGER)?)$')
        THEN CASE WHEN coalesce(abs(as_amount(value)) >= amount_limit(), TRUE) THEN 'too_many_digits ' || name END
    WHEN regexp_full_match(value::VARCHAR, '[+-]?\d{1,11}(\.\d{1,4}0*)?') THEN NULL  -- nearly all: the rest is slow
    WHEN number_fault(value, name) IS NOT NULL THEN number_fault(value, name)
    WHEN
        coalesce(abs(as_amount(value)) >= amount_limit(), TRUE)
        OR as_amount(value) <> try_cast(value AS DECIMAL(38, 18))
        OR regexp_matches(trim(value::VARCHAR), '\.\d{4}\d*[1-9]\d*$')
        THEN 'too_many_digits ' || name
END;

CREATE MACRO price_fault(value, name) AS coalesce(
    amount_fault(value, name),
    CASE WHEN abs(as_amount(value)) >= price_limit() THEN 'too_many_digits ' || name END
);

CREATE MACRO quantity_fault(value, name) AS coalesce(
    amount_fault(value, name),
    CASE WHEN abs(as_amount(value)) >= quantity_limit() THEN 'too_many_digits ' || name END
);

-- Products and differences, NULL when they do not fit. DuckDB does not widen decimals of 18 digits by itself but raises
-- an error; decimals of 38 digits are slow, so only large amounts become some.
CREATE MACRO product_of(quantity, price) AS CASE
    WHEN abs(quantity::DOUBLE * price::DOUBLE) < 1e9 THEN (quantity * price)::DECIMAL(18, 4)
    ELSE try_cast(quantity::DECIMAL(38, 4) * price AS DECIMAL(18, 4))
END;

CREATE MACRO difference_of(amount, less) AS CASE
    WHEN abs(amount) < 1e13::DECIMAL(18, 4) AND abs(less) < 1e13::DECIMAL(18, 4)
        THEN (amount - less)::DECIMAL(18, 4)
    ELSE try_cast(amount::DECIMAL(38, 4) - less AS DECIMAL(18, 4))
END;

-- What a record that is left out adds up to, where that can be read: as the extracts' control totals sum it up.
CREATE MACRO stated_product(quantity, price) AS try_cast(
    try_cast(quantity AS DECIMAL(11, 4))::DECIMAL(38, 4) * try_cast(price AS DECIMAL(14, 4)) AS DECIMAL(15, 4)
);

CREATE MACRO currency_fault(value, name) AS
CASE WHEN NOT regexp_full_match(trim(value), '[A-Za-z]{3}') THEN 'invalid_currency ' || name END;

-- Positions such as line numbers: whole and not negative.
CREATE MACRO as_position(value) AS CASE
    WHEN NOT is_text(value) THEN try_cast(value AS BIGINT)
    WHEN regexp_full_match(trim(value::VARCHAR), '\d{1,18}') THEN try_cast(value AS BIGINT)
END;

CREATE MACRO position_fault(value, name) AS CASE
    WHEN value IS NOT NULL AND (as_position(value) IS NULL OR as_position(value) < 0) THEN 'invalid_number ' || name
END;

-- Instants: a text needs date, time and offset, otherwise it does not say which instant it means.
CREATE MACRO as_instant(value) AS CASE
    WHEN NOT is_text(value) THEN try_cast(value AS TIMESTAMPTZ)
    WHEN regexp_full_match(
        trim(value::VARCHAR),
        '\d{4,}-\d\d-\d\d[ Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)'
    ) THEN try_cast(upper(trim(value::VARCHAR)) AS TIMESTAMPTZ)
END;

-- Nothing happened before: a clock that was never set.
CREATE MACRO first_instant() AS TIMESTAMPTZ '2000-01-01 00:00:00+00';

CREATE MACRO instant_fault(value, name) AS CASE
    WHEN value IS NULL THEN NULL
    WHEN as_instant(value) IS NULL THEN 'invalid_timestamp ' || name
    WHEN
        as_instant(value) < first_instant()
        OR as_instant(value) > getvariable('read_at') + INTERVAL 1 DAY
        THEN 'timestamp_out_of_range ' || name
END;

CREATE MACRO business_date_of(instant) AS (instant AT TIME ZONE getvariable('shop_timezone'))::DATE;

-- What a person typed may hold an e-mail address or control characters; what is kept of it does not. `suspect`,
-- `control` and `address` are patterns of plugins/ecommerce/core/email_masking.py, and the functions of ids are there.
CREATE MACRO mask_e_mails(value) AS CASE
    WHEN regexp_matches(value, getvariable('suspect'))
        THEN nullif(
            trim(
                regexp_replace(
                    regexp_replace(value, getvariable('control'), '', 'g'), getvariable('address'), '<e-mail>', 'g'
                )
            ),
            ''
        )
    ELSE value
END;

-- An id that holds an address becomes a keyed hash: two of them stay two, and one that is read again is the same.
CREATE MACRO safe_id(value) AS CASE
    WHEN regexp_matches(value, getvariable('suspect')) THEN safe_order_id(value)
    ELSE value
END;

-- A SKU may have a sign of its own, such as MUG@BLUE; only what ends like a domain is an address.
CREATE MACRO safe_code(value) AS CASE
    WHEN regexp_matches(value, getvariable('suspect')) THEN safe_sku(value)
    ELSE value
END;

-- Pass-through: the attributes that ORDER_ATTRIBUTES names, as a JSON object of masked texts without those that are
-- empty; NULL where none is left. DuckDB computes nothing of it, and reads no column for it, when none is named.
-- `texts`: the values in the order of the variable.
CREATE MACRO attributes_from(texts) AS CASE
    WHEN len(getvariable('order_attributes')) > 0
        THEN nullif(
            to_json(
                map_from_entries(
                    list_filter(
                        list_zip(
                            getvariable('order_attributes'),
                            list_transform(texts, LAMBDA one: mask_e_mails(as_text(one)))
                        ),
                        LAMBDA pair: pair[2] IS NOT NULL
                    )
                )
            )::VARCHAR,
            '{}'
        )
END;

-- `record`: a JSON object that may hold anything else as well; what is nested in it stays JSON text.
CREATE MACRO named_attributes(record) AS
attributes_from(json_extract_string(record, getvariable('order_attributes')));

-- HMAC-SHA256 in hexadecimal; the key comes as its two padded forms, so that it is in no statement.
CREATE MACRO keyed_hash(value, inner_key, outer_key) AS
sha256(outer_key || unhex(sha256(inner_key || encode(value))));
