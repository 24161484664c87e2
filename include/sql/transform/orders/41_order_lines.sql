-- Loadable: the valid lines of the accepted orders, with columns of their order. Name, category and cost are those of
-- the line, else those of the product, whose cost is in the reporting currency.
-- noqa: disable=convention.statement_brackets

CREATE TABLE product_names AS
SELECT
    source,
    nullif(safe_id(sku), '') AS sku,
    arg_max(mask_e_mails(as_text(name)), coalesce(updated_instant, '-infinity')) AS name,
    arg_max(mask_e_mails(as_text(category)), coalesce(updated_instant, '-infinity')) AS category,
    arg_max(as_amount(unit_cost), coalesce(updated_instant, '-infinity')) FILTER (as_amount(unit_cost) >= 0)
        AS unit_cost,
    max(updated_instant) AS updated_at
FROM (
    SELECT
        *,
        as_instant(updated_at) AS updated_instant
    FROM with_source('staged_products')
    UNION ALL BY NAME
    SELECT NULL::VARCHAR AS unit_cost  -- optional
    WHERE FALSE
) AS staged_products
WHERE sku <> ''
GROUP BY 1, 2;

-- Columns with few different texts, as in 40_orders.sql.
CREATE TYPE channel_name AS ENUM (
    SELECT DISTINCT channel FROM written_orders
);
CREATE TYPE currency_code AS ENUM (
    SELECT DISTINCT currency FROM written_orders
);
CREATE TYPE status_name AS ENUM (
    SELECT DISTINCT status FROM written_orders
);
CREATE TYPE country_code AS ENUM (
    SELECT DISTINCT country_code FROM written_orders
    WHERE country_code IS NOT NULL
);

SELECT
    typed_lines.source,
    orders.order_id,
    typed_lines.line_number,
    orders.business_date,
    orders.channel,
    typed_lines.sku,
    coalesce(typed_lines.product_name, product_names.name) AS product_name,
    coalesce(typed_lines.category, product_names.category, 'uncategorised') AS category,
    typed_lines.quantity,
    typed_lines.unit_price,
    typed_lines.gross_amount,
    typed_lines.discount_amount,
    typed_lines.amount_after_discount,
    typed_lines.tax_amount,
    coalesce(
        typed_lines.cost_amount,
        CASE
            WHEN orders.currency::VARCHAR = getvariable('reporting_currency')
                THEN product_of(typed_lines.quantity, product_names.unit_cost)
        END
    ) AS cost_amount,
    orders.currency,
    orders.status,
    orders.is_sale,
    orders.is_test,
    orders.customer_hash,
    orders.country_code,
    orders.ordered_at,
    orders.updated_at,
    orders.read_at,
    getvariable('run_id')::run_name AS run_id
FROM typed_lines
-- Joins cost less than a second look at the values of each line.
ANTI JOIN unusable_lines USING (source, file, row_number)
ANTI JOIN left_out_versions USING (order_id, version)
INNER JOIN (
    SELECT
        * REPLACE (
            source::source_name AS source,
            channel::channel_name AS channel,
            currency::currency_code AS currency,
            status::status_name AS status,
            country_code::country_code AS country_code
        )
    FROM written_orders
) AS orders USING (source, order_id)
LEFT JOIN product_names USING (source, sku)
UNION ALL BY NAME
SELECT
    * REPLACE (
        source::source_name AS source,
        channel::channel_name AS channel,
        currency::currency_code AS currency,
        status::status_name AS status,
        country_code::country_code AS country_code,
        run_id::run_name AS run_id
    )
FROM kept_order_lines
ANTI JOIN superseded_kept_orders USING (source, order_id);
