"""Languages of studies and reports: how each writes numbers, spaces and plurals."""
