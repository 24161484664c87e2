"""What a report states about its figures: sentences, tables, tiles, cells, the mail and the page."""
