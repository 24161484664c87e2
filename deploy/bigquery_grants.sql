-- The least the service account of the connection `bigquery` needs. Put PROJECT and ACCOUNT in, then, as an owner:
--
--   gcloud projects add-iam-policy-binding PROJECT --member=serviceAccount:ACCOUNT --role=roles/bigquery.jobUser
--   bq query --location=US --use_legacy_sql=false < deploy/bigquery_grants.sql
--   gcloud storage buckets add-iam-policy-binding gs://BUCKET --member=serviceAccount:ACCOUNT \
--     --role=roles/storage.objectUser                                  (where staging and reports are in a bucket)
--
-- jobUser on the project: to run queries and load jobs (bigquery.jobs.create), and nothing else.
-- dataEditor on the two datasets: to read and change their data, to create, list and update their tables.
-- Creating datasets is left to you, below, because that permission is one on the whole project.
-- Both datasets: in BIGQUERY_LOCATION, which cannot be changed afterwards.
CREATE SCHEMA IF NOT EXISTS `PROJECT.sales` OPTIONS (location = "US");

CREATE SCHEMA IF NOT EXISTS `PROJECT.sales_staging` OPTIONS (location = "US", default_table_expiration_days = 1);

GRANT `roles/bigquery.dataEditor` ON SCHEMA `PROJECT.sales` TO "serviceAccount:ACCOUNT";

GRANT `roles/bigquery.dataEditor` ON SCHEMA `PROJECT.sales_staging` TO "serviceAccount:ACCOUNT";
