"""What `make gas` measures: our functions by area, the peers' under `peers`, and the record of both."""
