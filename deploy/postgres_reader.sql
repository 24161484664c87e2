-- The least the connection `sales_db` needs: a role that can read five tables. Run it as the owner of the tables; the
-- password comes from the environment, so that it stands in no command line.
--
--   export SALES_READER_PASSWORD="$(openssl rand -hex 24)"
--   psql "$OWNER_DSN" -v ON_ERROR_STOP=1 -f deploy/postgres_reader.sql
--
-- It may be run again: that sets the password again. Another schema, other tables: change the two lines with GRANT.
\set reader sales_reader
\set password `printenv SALES_READER_PASSWORD`

SELECT NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :'reader') AS is_new \gset
\if :is_new
    CREATE ROLE :"reader" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT;
\endif
ALTER ROLE :"reader" PASSWORD :'password' CONNECTION LIMIT 10;

-- Grants decide; this turns a mistake in them into an error instead of a change. An extract never waits long for a lock.
ALTER ROLE :"reader" SET default_transaction_read_only = on;
ALTER ROLE :"reader" SET lock_timeout = '30s';

GRANT USAGE ON SCHEMA public TO :"reader";
GRANT SELECT ON customers, products, orders, order_items, refunds TO :"reader";
