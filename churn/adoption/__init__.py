"""From hearing to staying: the steps joined, compared, counted in people, and projected."""
