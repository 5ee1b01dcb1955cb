"""What `study.toml` says, checked, and how it is read."""
