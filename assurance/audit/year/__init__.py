"""A simulated year of 10,000 contributors, every payout compared with exact fractions."""
