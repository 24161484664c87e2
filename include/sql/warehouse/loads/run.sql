CREATE TABLE IF NOT EXISTS {{ staged("run") }} (
    business_date DATE OPTIONS (description = "Business day of the run."),
    run_id STRING OPTIONS (description = "Id of the Airflow run."),
    started_at TIMESTAMP OPTIONS (description = "Start of the load.")
)
OPTIONS (
    description = "One row with the run that loads: text values reach a script as rows, never as part of its SQL."
);
