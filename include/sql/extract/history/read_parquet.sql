-- DuckDB: converts a Parquet file to the layout of the partner files' lines, every value as its exact text. `types` are
-- the types of the file's columns; it has `columns`, and may lack `extra_columns`.
COPY (
    SELECT
{% for name in columns %}
{% if types[name] in ("FLOAT", "DOUBLE") %}
        -- pandas stores integers with missing values as floats: 1.0 and 1e+16.
        CASE
            WHEN try_cast({{ name }} AS DECIMAL(38, 0)) = {{ name }} THEN try_cast({{ name }} AS DECIMAL(38, 0))::VARCHAR
            ELSE {{ name }}::VARCHAR
        END AS {{ name }},
{% else %}
        {{ name }}::VARCHAR AS {{ name }},
{% endif %}
{% endfor %}
{% for name in extra_columns %}
        {{ '"%s"' | format(name) if name in types else "NULL" }}::VARCHAR AS "{{ name }}",
{% endfor %}
        $file AS file,
        $partner AS partner,
        file_row_number + 1 AS row_number,
        $received_at AS received_at
    FROM read_parquet($path, file_row_number = true)
) TO $lines (FORMAT parquet, COMPRESSION snappy)
