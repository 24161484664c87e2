-- DuckDB: values of a partner with a layout of its own (include/partners/) as the standard layout has them. A value that
-- does not fit is kept with the reason behind it, and the transform rejects its line. Variables: `decimal_comma`,
-- `date_format`, `layout_timezone`, and `constants`, the columns whose values are those of the layout itself.
CREATE OR REPLACE MACRO is_constant(name) AS list_contains(getvariable('constants')::VARCHAR[], name);

CREATE OR REPLACE MACRO decimal_point(name, value) AS CASE
    WHEN NOT getvariable('decimal_comma') OR is_constant(name) OR trim(value) = '' THEN value
    WHEN regexp_full_match(trim(value), '[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?')
        THEN replace(replace(trim(value), '.', ''), ',', '.')
    ELSE value || ' (not a number with a decimal comma)'
END;

-- In the hour that occurs twice when summer time ends, a local time means its second occurrence.
CREATE OR REPLACE MACRO utc_instant(name, value) AS CASE
    WHEN getvariable('date_format')::VARCHAR IS NULL OR is_constant(name) OR trim(value) = '' THEN value
    ELSE coalesce(
        strftime(
            try_strptime(trim(value), getvariable('date_format')::VARCHAR)
            AT TIME ZONE getvariable('layout_timezone') AT TIME ZONE 'UTC',
            '%Y-%m-%dT%H:%M:%S.%fZ'
        ),
        value || ' (does not match ' || getvariable('date_format') || ')'
    )
END;
