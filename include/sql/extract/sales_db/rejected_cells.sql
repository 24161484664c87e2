-- DuckDB: the cells of the rejected rows by column, as the texts that PostgreSQL wrote; $columns are the columns of each
-- query of $files. A row with another number of cells has none: nothing of it can be read.
CREATE TABLE rejected_cells AS
SELECT
    rejects.file,
    rejects.row_number,
    rejects.reason,
    names,
    CASE WHEN len(fields_of_line(rejects.raw)) = len(names) THEN map(names, fields_of_line(rejects.raw)) END AS cells
FROM rejects
JOIN (SELECT unnest($files::VARCHAR[]) AS file, unnest($columns::VARCHAR[][]) AS names) AS queries USING (file);
