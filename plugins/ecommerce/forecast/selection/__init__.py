"""The monthly selection of the model that the weekly forecast trains: back-test, rule, record, mail."""
