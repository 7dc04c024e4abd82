"""Gas and speed, ours beside other systems: `make gas`, `make bench`."""
