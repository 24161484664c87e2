-- Created with its row: BigQuery cancels one of two transactions only if both change a row that exists.
CREATE TABLE IF NOT EXISTS `sales.load_lock` (
    token STRING OPTIONS (description = "Random value; every transaction changes it.")
)
OPTIONS (
    description = "One row, which the first statement of every transaction changes: BigQuery then cancels one of two transactions that overlap. Two that only add rows would both commit."
)
AS
SELECT GENERATE_UUID() AS token;
