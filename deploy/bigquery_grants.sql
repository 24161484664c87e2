-- Minimal permissions for the service account of the connection `bigquery`. Replace PROJECT and ACCOUNT, then run as an owner:
--
--   gcloud projects add-iam-policy-binding PROJECT --member=serviceAccount:ACCOUNT --role=roles/bigquery.jobUser
--   bq query --location=US --use_legacy_sql=false < deploy/bigquery_grants.sql
--   gcloud storage buckets add-iam-policy-binding gs://BUCKET --member=serviceAccount:ACCOUNT \
--     --role=roles/storage.objectUser                                  (if staging and reports are in a bucket)
--   gcloud storage buckets add-iam-policy-binding gs://BUCKET --member=serviceAccount:ACCOUNT \
--     --role=roles/storage.legacyBucketReader                          (if staging is in a bucket: storage.buckets.get)
--
-- jobUser on the project: run queries and load jobs (bigquery.jobs.create) only.
-- dataEditor on the two datasets: read and change their data; create, list and update their tables.
-- You create the datasets below, because that permission applies to the whole project.
-- Both datasets use BIGQUERY_LOCATION, which cannot be changed later.
CREATE SCHEMA IF NOT EXISTS `PROJECT.sales` OPTIONS (location = "US");

CREATE SCHEMA IF NOT EXISTS `PROJECT.sales_staging` OPTIONS (location = "US", default_table_expiration_days = 1);

GRANT `roles/bigquery.dataEditor` ON SCHEMA `PROJECT.sales` TO "serviceAccount:ACCOUNT";

GRANT `roles/bigquery.dataEditor` ON SCHEMA `PROJECT.sales_staging` TO "serviceAccount:ACCOUNT";
