-- Minimal role for the connection `sales_db`: it can read five tables. Run this as the owner of the tables. The password is
-- taken from the environment, so that it is in no command line.
--
--   export SALES_READER_PASSWORD="$(openssl rand -hex 24)"
--   psql "$OWNER_DSN" -v ON_ERROR_STOP=1 -f deploy/postgres_reader.sql
--
-- Running it again sets a new password. For another schema or other tables, change the two GRANT lines.
\set reader sales_reader
\set password `printenv SALES_READER_PASSWORD`

SELECT NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :'reader') AS is_new \gset
\if :is_new
    CREATE ROLE :"reader" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT;
\endif
ALTER ROLE :"reader" PASSWORD :'password' CONNECTION LIMIT 10;

-- Grants define the permissions; read-only transactions prevent changes even if a grant is wrong. lock_timeout keeps extracts
-- from waiting for locks.
ALTER ROLE :"reader" SET default_transaction_read_only = on;
ALTER ROLE :"reader" SET lock_timeout = '30s';

GRANT USAGE ON SCHEMA public TO :"reader";
GRANT SELECT ON customers, products, orders, order_items, refunds TO :"reader";
