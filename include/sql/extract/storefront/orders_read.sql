-- The newest version of each order on the pages, with the fields that the extract needs. File names sort in the order
-- in which the responses arrived. All values are read as text: ids may exceed 2^53, and amounts must not become floats.
-- Gross amounts exclude negative lines, which are discounts, and amounts beyond the limits of
-- include/sql/transform/values.sql, whose lines the transform rejects.
CREATE TABLE orders_read AS
SELECT order_id, records, unnest(newest)
FROM (
  SELECT
    id AS order_id,
    count(*) AS records,
    arg_max({
      currency: CASE WHEN regexp_full_match(trim(currency), '[A-Za-z]{3}') THEN upper(trim(currency)) ELSE '' END,
      product_ids: list_transform(line_items, lambda line: line.product_id),
      subtotal: list_sum(
        list_transform(line_items, lambda line: greatest(try_cast(line.subtotal AS DECIMAL(19, 8)), 0))
      ),
      amount: list_sum(
        list_transform(line_items, lambda line: greatest(try_cast(line.subtotal AS DECIMAL(19, 8)), 0)::DECIMAL(38, 8))
      ),
      refunds: refunds
    }, filename) AS newest
  FROM read_json(
    getvariable('pages'), format = 'array', filename = true,
    columns = {
      id: 'VARCHAR', currency: 'VARCHAR', line_items: 'STRUCT(product_id VARCHAR, subtotal VARCHAR)[]',
      refunds: 'STRUCT(id VARCHAR, total VARCHAR)[]'
    }
  )
  GROUP BY id
);
