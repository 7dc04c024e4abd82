"""A relay: it sends what members signed, and pays for it."""
