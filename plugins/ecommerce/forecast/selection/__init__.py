"""Which candidate the weekly forecast trains: a back-test every month, a rule, a record, and a mail."""
