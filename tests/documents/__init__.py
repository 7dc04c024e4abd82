"""Documents that run: what a page shows is what a test executes."""
