CREATE TABLE IF NOT EXISTS {{ staged("run") }} (
    business_date DATE OPTIONS (description = "Business day of the run."),
    run_id STRING OPTIONS (description = "Airflow run."),
    started_at TIMESTAMP OPTIONS (description = "When this load began.")
)
OPTIONS (
    description = "The run that loads, in one row: texts reach a script as rows, never as part of its SQL."
);
