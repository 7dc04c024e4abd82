"""Licensees: open what was leased, export it, state purposes and conditions."""
