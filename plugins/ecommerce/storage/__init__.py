"""Files between tasks and for good: staging, scratch folders, DuckDB on them, XCom values."""
