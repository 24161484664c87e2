"""The daily sales report: figures from the warehouse, charts, PDF, archive and the page that lists them."""
