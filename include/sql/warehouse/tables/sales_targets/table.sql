CREATE TABLE IF NOT EXISTS `sales.sales_targets` (
    month DATE NOT NULL OPTIONS (description = "First day of the month."),
    channel STRING NOT NULL OPTIONS (description = "Sales channel; 'total' for the whole shop."),
    net_sales NUMERIC(18, 4) NOT NULL OPTIONS (description = "Target of the month's net sales in reporting currency.")
)
OPTIONS (
    description = "One row per month and channel with a target, as in the files of TARGETS_URI at the last report."
);
