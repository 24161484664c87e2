-- DuckDB: a CSV file in which nothing is broken into the layout of partner files' lines; all of it stays text. Record n
-- is line n + 1 of the file; the caller compares the count of records with the count of lines.
COPY (
    SELECT
        order_id,
        line_number,
        ordered_at,
        updated_at,
        status,
        sku,
        product_name,
        category,
        quantity,
        unit_price,
        discount_amount,
        tax_amount,
        currency,
        customer_email,
        country_code,
        $file AS file,
        $partner AS partner,
        row_number() OVER () + 1 AS row_number,
        $received_at AS received_at
    FROM read_csv(
        $path,
        columns = $columns,
        auto_detect = false,
        header = false,
        skip = 1,
        delim = ',',
        quote = '"',
        escape = '"',
        nullstr = '',
        allow_quoted_nulls = false,
        max_line_size = 1048576,
        parallel = false, -- records are numbered in their order
        store_rejects = true
    )
) TO $lines (FORMAT parquet, COMPRESSION snappy)
