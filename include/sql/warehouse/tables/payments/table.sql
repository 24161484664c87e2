CREATE TABLE IF NOT EXISTS `sales.payments` (
    source STRING NOT NULL OPTIONS (description = "Source of the payment: one of the daily run."),
    payment_id STRING NOT NULL OPTIONS (description = "Id of the payment in its source; unique only within that source."),
    business_date DATE NOT NULL OPTIONS (description = "Business day of the payment: the shop's calendar day on which it was processed."),
    order_id STRING OPTIONS (description = "Order that was paid, as in orders; NULL where the payment is of no order."),
    kind STRING NOT NULL OPTIONS (description = "charge, refund, chargeback, chargeback_reversal, adjustment, commission or other."),
    gateway STRING OPTIONS (description = "Payment provider as in the source, in lower case."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of amount, fee_amount and net_amount: the currency of the settlement."),
    amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Amount before fees: positive where the shop receives it, negative where the shop pays it."),
    fee_amount NUMERIC(18, 4) OPTIONS (description = "Fee that the payment provider withholds, positive; NULL where it is not known. The fee_amount of orders is another: what the customer is charged."),
    net_amount NUMERIC(18, 4) OPTIONS (description = "amount - fee_amount; NULL where the fee is not known."),
    order_currency STRING OPTIONS (description = "ISO 4217 code of order_amount."),
    order_amount NUMERIC(18, 4) OPTIONS (description = "The amount in the currency of the order; NULL where the source does not state it."),
    payout_id STRING OPTIONS (description = "Payout that contains the payment; NULL where it is in none yet, or the source has no payouts."),
    is_test BOOL NOT NULL OPTIONS (description = "Whether the source marks the payment as a test; tests are never counted."),
    processed_at TIMESTAMP NOT NULL OPTIONS (description = "When the payment was processed."),
    fee_read_at TIMESTAMP OPTIONS (description = "Start of the read that returned the fee, which is kept until another one is read; NULL where it is not known."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read that returned this version of the payment; for files, when the file was received."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the payment.")
)
PARTITION BY business_date
CLUSTER BY source, order_id
OPTIONS (
    description = "One row per movement of an order's money, without personal data.",
    require_partition_filter = TRUE
);
