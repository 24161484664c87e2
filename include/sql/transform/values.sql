-- Macros that parse and validate values of all sources: numbers, instants, e-mail addresses.
--
-- A fault is a text '<reason> <column>', or NULL for a valid or missing value. Columns that are typed in the source
-- skip the checks of text, because typeof() is evaluated when the query is planned.

CREATE MACRO is_text(value) AS typeof(value) = 'VARCHAR';

CREATE MACRO missing(value, name) AS CASE WHEN value IS NULL THEN 'missing_value ' || name END;

-- A lookup of a spreadsheet that found nothing has an error in the place of an id: #N/A, #REF!, #WERT!
CREATE MACRO lookup_fault(value, name) AS CASE
    WHEN value LIKE '#%' AND regexp_full_match(value, '#(N/[AD]|NV|[\p{Lu}\d/¡]+[!?])') THEN 'missing_value ' || name
END;

-- The fault that extract/delivered_files/computed_amounts.sql states in the place of an amount.
CREATE MACRO computed_fault(amount) AS CASE
    WHEN regexp_matches(amount, '^(missing_value|invalid_number|too_many_digits) ') THEN amount
END;

-- The trimmed text; empty text becomes NULL.
CREATE MACRO as_text(value) AS nullif(trim(value), '');

CREATE MACRO number_fault(value, name) AS CASE
    WHEN NOT regexp_full_match(trim(value::VARCHAR), '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?')
        THEN 'invalid_number ' || name
END;

-- Exact limits: amounts have up to 11 integer digits, prices up to 10, quantities up to 7, all with 4 decimals. Further
-- zeros are allowed. A larger number is usually a product number in the wrong column. A sum of 1,000 amounts fits its
-- column.
CREATE MACRO amount_limit() AS 100000000000;
CREATE MACRO price_limit() AS 10000000000;
CREATE MACRO quantity_limit() AS 10000000;

CREATE MACRO as_amount(value) AS try_cast(value AS DECIMAL(18, 4));

-- Programs that compute with floats write 0.30000000000000004 for 0.3. A number that is closer than this to one with
-- four decimals is rounded to it.
CREATE MACRO float_error() AS 0.00000001;

-- Text is checked because the cast alone accepts 1_000 and silently rounds 1.23456.
CREATE MACRO amount_fault(value, name) AS CASE
    WHEN value IS NULL THEN NULL
    WHEN regexp_matches(typeof(value), '^(DECIMAL\(\d+,[0-4]\)|U?(TINY|SMALL|BIG)?INT(EGER)?)$')
        THEN CASE WHEN coalesce(abs(as_amount(value)) >= amount_limit(), TRUE) THEN 'too_many_digits ' || name END
    WHEN regexp_full_match(value::VARCHAR, '[+-]?\d{1,11}(\.\d{1,4}0*)?') THEN NULL  -- fast path for nearly all values
    ELSE coalesce(
        number_fault(value, name),
        CASE
            WHEN
                coalesce(abs(as_amount(value)) >= amount_limit(), TRUE)
                OR abs(as_amount(value)::DECIMAL(38, 18) - try_cast(value AS DECIMAL(38, 18))) >= float_error()
                THEN 'too_many_digits ' || name
        END
    )
END;

CREATE MACRO price_fault(value, name) AS coalesce(
    amount_fault(value, name),
    CASE WHEN abs(as_amount(value)) >= price_limit() THEN 'too_many_digits ' || name END
);

CREATE MACRO quantity_fault(value, name) AS coalesce(
    amount_fault(value, name),
    CASE WHEN abs(as_amount(value)) >= quantity_limit() THEN 'too_many_digits ' || name END
);

-- Products and differences, NULL when they do not fit. DuckDB raises an error instead of widening 18-digit decimals;
-- 38-digit decimals are slow and used for large amounts only.
CREATE MACRO product_of(quantity, price) AS CASE
    WHEN abs(quantity::DOUBLE * price::DOUBLE) < 1e9 THEN (quantity * price)::DECIMAL(18, 4)
    ELSE try_cast(quantity::DECIMAL(38, 4) * price AS DECIMAL(18, 4))
END;

CREATE MACRO difference_of(amount, less) AS CASE
    WHEN abs(amount) < 1e13::DECIMAL(18, 4) AND abs(less) < 1e13::DECIMAL(18, 4)
        THEN (amount - less)::DECIMAL(18, 4)
    ELSE try_cast(amount::DECIMAL(38, 4) - less AS DECIMAL(18, 4))
END;

-- Whole ten-thousandths, because DuckDB divides decimals as doubles; rounded half away from zero.
CREATE MACRO ten_thousandths(amount) AS (amount::DECIMAL(38, 4) * 10000)::HUGEINT;
CREATE MACRO share_of(amount, part, whole) AS
(sign(amount) * ((2 * ten_thousandths(abs(amount)) * part + whole) // (2 * whole)) * 0.0001)::DECIMAL(18, 4);

-- The amount of a record before any cleaning, as in the control totals; NULL if it is unreadable or beyond the limits.
CREATE MACRO stated_product(quantity, price) AS try_cast(
    product_of(try_cast(quantity AS DECIMAL(11, 4)), try_cast(price AS DECIMAL(14, 4))) AS DECIMAL(15, 4)
);

-- The same of a record that may state its gross amount. A negative one is a discount.
CREATE MACRO stated_amount(gross_amount, quantity, price) AS CASE
    WHEN gross_amount IS NULL THEN stated_product(quantity, price)
    ELSE greatest(try_cast(gross_amount AS DECIMAL(15, 4)), 0)
END;

CREATE MACRO currency_fault(value, name) AS
CASE WHEN NOT regexp_full_match(trim(value), '[A-Za-z]{3}') THEN 'invalid_currency ' || name END;

-- Positions, such as line numbers: non-negative integers.
CREATE MACRO as_position(value) AS CASE
    WHEN NOT is_text(value) THEN try_cast(value AS BIGINT)
    WHEN regexp_full_match(trim(value::VARCHAR), '\d{1,18}') THEN try_cast(value AS BIGINT)
END;

CREATE MACRO position_fault(value, name) AS CASE
    WHEN value IS NOT NULL AND (as_position(value) IS NULL OR as_position(value) < 0) THEN 'invalid_number ' || name
END;

-- Instants: a text needs date, time and UTC offset. What most programs write (2026-11-19T05:00:00Z, in JavaScript
-- 2026-11-19T05:00:00.000Z) is parsed without the pattern, in less than half of the processor time: strptime accepts
-- nothing else of 20 or 24 bytes without a leading space.
CREATE MACRO as_instant(value) AS CASE
    WHEN NOT is_text(value) THEN try_cast(value AS TIMESTAMPTZ)
    ELSE coalesce(
        CASE
            WHEN strlen(value::VARCHAR) = 24 AND value::VARCHAR >= '0'
                THEN make_timestamptz(epoch_us(try_strptime(value::VARCHAR, '%Y-%m-%dT%H:%M:%S.%gZ')))
            WHEN strlen(value::VARCHAR) = 20 AND value::VARCHAR >= '0'
                THEN make_timestamptz(epoch_us(try_strptime(value::VARCHAR, '%Y-%m-%dT%H:%M:%SZ')))
        END,
        CASE
            -- The pattern skips spaces itself: DuckDB would compute a trim() that occurs twice for every row.
            WHEN regexp_full_match(
                value::VARCHAR,
                '\p{Zs}*\d{4,}-\d\d-\d\d[ Tt]\d\d:\d\d(:\d\d(\.\d+)?)? ?([Zz]|[+-]\d\d(:?\d\d)?)\p{Zs}*'
            ) THEN try_cast(regexp_replace(upper(trim(value::VARCHAR)), ' ([Z+-])', '\1') AS TIMESTAMPTZ)
        END
    )
END;

-- Earlier instants come from clocks that were never set.
CREATE MACRO first_instant() AS TIMESTAMPTZ '2000-01-01 00:00:00+00';

-- The fault of an instant, also of one that is more than a day after its read.
CREATE MACRO parsed_fault_by(value, instant, name, read_at) AS CASE
    WHEN value IS NULL OR instant BETWEEN first_instant() AND read_at + INTERVAL 1 DAY THEN NULL
    WHEN instant IS NULL THEN 'invalid_timestamp ' || name
    ELSE 'timestamp_out_of_range ' || name
END;

CREATE MACRO instant_fault_by(value, name, read_at) AS parsed_fault_by(value, as_instant(value), name, read_at);

-- Macros of their own, because DuckDB evaluates the default of a parameter when it creates the macro, before the
-- variable is set.
CREATE MACRO parsed_fault(value, instant, name) AS
parsed_fault_by(value, instant, name, getvariable('read_at'));

CREATE MACRO instant_fault(value, name) AS instant_fault_by(value, name, getvariable('read_at'));

-- Comparing with the run's own day, in which most instants lie, saves half of the time of finding their date.
CREATE MACRO business_date_of(instant) AS CASE
    WHEN instant >= getvariable('day_start') AND instant < getvariable('day_end') THEN getvariable('business_date')
    ELSE (instant AT TIME ZONE getvariable('shop_timezone'))::DATE
END;

-- The first characters of a text. Few texts are cut, and left() counts the characters of each.
CREATE MACRO shortened(value, characters) AS CASE
    WHEN strlen(value) > characters THEN left(value, characters)
    ELSE value
END;

-- Masks e-mail addresses and removes control characters in free text, and cuts it. Four times as many characters are
-- searched as are kept, so that no half of an address remains. `define_values` in plugins/ecommerce/storage/duckdb.py
-- sets the patterns (`suspect`, `suspect_id`, `control`), and defines `without_addresses`, `id_hash` and `readable_id`.
CREATE MACRO masked_text(value, characters) AS CASE
    WHEN strlen(value) > characters OR regexp_matches(value, getvariable('suspect'))
        THEN nullif(
            trim(
                left(
                    without_addresses(regexp_replace(left(value, 4 * characters), getvariable('control'), '', 'g')),
                    characters
                )
            ),
            ''
        )
    ELSE value
END;

CREATE MACRO mask_e_mails(value) AS masked_text(value, 2000);

-- The one rule for ids of orders and refunds and for SKUs is `readable_id`: without what people do not see (blanks of
-- any kind around them, characters without width, control characters) and without what a spreadsheet puts around a
-- number: ="1001" and '1001. Two ids that people can tell apart stay two: 01001 is not 1001.
--
-- Nearly all ids are clean, which one search finds out.
CREATE MACRO clean_id(value) AS CASE
    WHEN regexp_matches(value, getvariable('suspect_id')) THEN nullif(readable_id(value), '')
    ELSE nullif(value, '')
END;

CREATE MACRO id_or_hash(readable) AS CASE
    WHEN length(readable) > 200 THEN 'long-' || id_hash(readable)
    WHEN without_addresses(readable) <> readable THEN 'e-mail-' || id_hash(readable)
    ELSE readable
END;

CREATE MACRO is_unsafe(id) AS strlen(id) > 200 OR regexp_matches(id, getvariable('suspect_id'));

-- Cleans an id or SKU, and replaces one that contains an address, or has more than 200 characters, with a keyed hash,
-- which is unique and stable across reads.
CREATE MACRO safe_id(value) AS CASE
    WHEN is_unsafe(value) THEN id_or_hash(readable_id(value))
    ELSE value
END;

-- A number that a spreadsheet rounded for display, such as 4,00639E+12: many numbers look like this.
CREATE MACRO is_rounded(id) AS regexp_full_match(id, '\d([.,]\d+)?[eE]\+\d{2,3}');

-- The number that an id may be in the spelling of a spreadsheet: 1001 of 1001.0, 1,001, 1.001E+03 and 01001, and of a
-- SKU with blanks or hyphens between at least eight digits.
CREATE MACRO number_of_id(id) AS CASE
    WHEN id < '0' OR id >= ':' THEN NULL  -- does not begin with a digit, as most
    WHEN regexp_full_match(id, '[1-9]\d*') THEN id
    WHEN regexp_full_match(id, '\d{1,3}([.,]\d{3})+|\d[\d -]{6,}\d')
        THEN ltrim(regexp_replace(id, '\D', '', 'g'), '0')
    WHEN regexp_full_match(id, '\d+([.,]0*)?') THEN ltrim(regexp_extract(id, '^\d+'), '0')
    WHEN regexp_full_match(id, '\d([.,]\d+)?[eE]\+?\d{1,2}')
        THEN try_cast(try_cast(replace(id, ',', '.') AS DOUBLE) AS HUGEINT)::VARCHAR
END;

-- A value of at most 2,001 characters. A longer text is cut before its last word, so that no half of an address
-- remains, and ends with an ellipsis, so that a cut number or instant is invalid. Typed values stay as they are.
CREATE MACRO bounded(value) AS CASE
    WHEN is_text(value) AND strlen(value::VARCHAR) > 2000
        THEN cast_to_type(regexp_replace(left(value::VARCHAR, 2000), '\S+$', '') || '…', value)
    ELSE value
END;

-- The attributes named in ORDER_ATTRIBUTES as a JSON object of masked, non-empty texts; NULL if all are empty. When no
-- attribute is configured, DuckDB computes and reads nothing. `texts`: the values in the order of the setting.
CREATE MACRO attributes_from(texts) AS CASE
    WHEN len(getvariable('order_attributes')) > 0
        THEN nullif(
            to_json(
                map_from_entries(
                    list_filter(
                        list_zip(
                            getvariable('order_attributes'),
                            list_transform(texts, LAMBDA one: masked_text(as_text(one), 100000))
                        ),
                        LAMBDA pair: pair[2] IS NOT NULL
                    )
                )
            )::VARCHAR,
            '{}'
        )
END;

-- `record`: a JSON object, which may contain other fields; nested values stay JSON text.
CREATE MACRO named_attributes(record) AS
attributes_from(json_extract_string(record, getvariable('order_attributes')));

-- HMAC-SHA256 in hexadecimal. The key is passed as its two padded forms, so that no statement contains it.
CREATE MACRO keyed_hash(value, inner_key, outer_key) AS
sha256(outer_key || unhex(sha256(inner_key || encode(value))));
