"""The sections of a report, each written from results by a function of its own."""
