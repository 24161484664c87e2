"""Put the books of the ledger into real systems; filling twice changes nothing."""
