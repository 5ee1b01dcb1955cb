"""Words and numbers in the language of a report, and the ledger of what was printed."""
