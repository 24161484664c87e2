-- DuckDB: splits the CSV file of exchange rates (variable `content`, whose first line is the header) into the tables rates,
-- from `first_day` on, and rejects, and counts them. Each line is split by itself, so that an open quote costs one day.
CREATE MACRO cells_of(line) AS list_transform(
    regexp_extract_all(line, '(?:^|,)("(?:[^"]|"")*"?[^,]*|[^,]*)', 1),
    LAMBDA cell: trim(replace(cell, '"', ''))
);

CREATE TABLE days AS
WITH split AS MATERIALIZED (
    SELECT row_number, cells_of(line) AS cells
    FROM unnest(regexp_split_to_array(getvariable('content'), '\r\n|\r|\n')) WITH ORDINALITY AS lines (line, row_number)
)

SELECT
    row_number,
    cells,
    header,
    CASE
        WHEN try_cast(cells[1] AS DATE) IS NULL THEN 'no date'
        WHEN len(cells) <> len(header)
            THEN concat(len(cells), if(len(cells) = 1, ' cell', ' cells'), ' under a header of ', len(header))
    END AS problem
FROM split
CROSS JOIN (SELECT cells AS header FROM split WHERE row_number = 1) AS first_line
WHERE row_number > 1
    AND array_to_string(cells, '') <> ''
    AND coalesce(try_cast(cells[1] AS DATE) >= getvariable('first_day'), TRUE);

-- A comma at the end of each line makes a column without name. The rate of a currency that the euro has replaced is fixed:
-- its orders are still paid back.
CREATE TABLE rates AS
SELECT row_number, rate_date, currency, rate
FROM (
    SELECT
        published.row_number,
        published.rate_date,
        published.currency,
        CASE WHEN published.rate IN ('', 'N/A') THEN fixed.rate ELSE published.rate END AS rate
    FROM (
        SELECT row_number, cells[1] AS rate_date, unnest(header[2:]) AS currency, unnest(cells[2:]) AS rate
        FROM days
        WHERE problem IS NULL
    ) AS published
    LEFT JOIN (
        VALUES ('HRK', DATE '2023-01-01', '7.5345'), ('BGN', DATE '2026-01-01', '1.95583')
    ) AS fixed (currency, since, rate)
        ON published.currency = fixed.currency AND published.rate_date::DATE >= fixed.since
) AS rates
WHERE currency <> '' AND rate IS NOT NULL;

CREATE TABLE rejects AS
SELECT
    row_number,
    'malformed_line' AS reason,
    problem AS detail,
    'rates' AS file,
    array_to_string(cells, ',') AS raw
FROM days
WHERE problem IS NOT NULL;

SELECT
    count(*) AS source_rates,
    max(rate_date) AS newest_rate_date,
    count(*) + (SELECT count(*) FROM rejects) AS records
FROM rates;
