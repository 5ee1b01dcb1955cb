"""From blocks to PDF and HTML."""
