"""Which lines of the contracts the tests execute."""
