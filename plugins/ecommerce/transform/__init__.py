"""Raw staging folders become loadable ones, in DuckDB, by the SQL of include/sql/transform."""
