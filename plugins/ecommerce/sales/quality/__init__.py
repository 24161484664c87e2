"""The data quality of a business day: completeness, rejected rows, restated figures and trust."""
