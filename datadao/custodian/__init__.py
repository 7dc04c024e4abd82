"""Custodians: check a lease at two blocks, hold key shares back until it is paid, release them, hand a slot over."""
