CREATE TABLE IF NOT EXISTS `sales.payouts` (
    source STRING NOT NULL OPTIONS (description = "Source of the payout: one of the daily run."),
    payout_id STRING NOT NULL OPTIONS (description = "Id of the payout in its source; unique only within that source."),
    issued_on DATE NOT NULL OPTIONS (description = "The shop's calendar day on which the payout was issued."),
    status STRING NOT NULL OPTIONS (description = "Status as in the source, in lower case; failed and canceled payouts did not reach the bank."),
    currency STRING NOT NULL OPTIONS (description = "ISO 4217 code of all amounts in this row."),
    amount NUMERIC(18, 4) NOT NULL OPTIONS (description = "Amount that reaches the bank; negative where the shop pays."),
    charges NUMERIC(18, 4) OPTIONS (description = "Total of charges before fees as the source states it; NULL where it states none."),
    refunds NUMERIC(18, 4) OPTIONS (description = "Total of refunds, likewise; negative."),
    fees NUMERIC(18, 4) OPTIONS (description = "Total of fees, likewise; positive."),
    adjustments NUMERIC(18, 4) OPTIONS (description = "Total of all other payments before fees, likewise."),
    external_reference STRING OPTIONS (description = "Reference of the transfer, as on the bank statement."),
    read_at TIMESTAMP NOT NULL OPTIONS (description = "Start of the read that returned this version of the payout; for files, when the file was received."),
    run_id STRING NOT NULL OPTIONS (description = "Airflow run that loaded this version of the payout.")
)
OPTIONS (
    description = "One row per payout: what reached the bank."
);
