"""The report's charts, as SVG and PNG files."""
