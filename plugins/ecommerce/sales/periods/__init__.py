"""Reports of a week, a month, or a slice of any period: figures, texts, document and archive.

The report of a day without a slice is `ecommerce.sales.report`.
"""
