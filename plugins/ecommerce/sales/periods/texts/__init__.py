"""What the report of a period states about its figures: sentences, tables, tiles, cells, the mail and the
page."""
