"""The fonts of the report, their licences, and the smaller ones of its web page."""
