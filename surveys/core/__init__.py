"""What everything stands on: errors, results and interval formulas."""
