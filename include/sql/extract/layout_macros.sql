-- DuckDB: values of a partner with a layout of its own (include/partners/) as the standard layout has them. A value that
-- does not fit is kept with the reason behind it, and the transform rejects its line.
CREATE OR REPLACE MACRO decimal_point(value) AS CASE
    WHEN trim(value) = '' THEN value
    WHEN regexp_full_match(trim(value), '[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?')
        THEN replace(replace(trim(value), '.', ''), ',', '.')
    ELSE value || ' (not a number with a decimal comma)'
END;

-- In the hour that occurs twice when summer time ends, a local time means its second occurrence.
CREATE OR REPLACE MACRO utc_instant(value, format, zone) AS CASE
    WHEN trim(value) = '' THEN value
    ELSE coalesce(
        strftime(try_strptime(trim(value), format) AT TIME ZONE zone AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'),
        value || ' (does not match ' || format || ')'
    )
END;
