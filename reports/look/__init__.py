"""Theme, fonts and templates."""
