"""Files of tasks: staging, permanent files, scratch folders, DuckDB on them, XCom values."""
