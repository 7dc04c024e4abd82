"""Gas and speed, measured beside peers: `make gas`, `make bench`."""
