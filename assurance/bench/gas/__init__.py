"""What `make gas` measures, by area, the record of it, and what other systems take (`peers.toml`)."""
