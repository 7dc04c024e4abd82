"""What tests and audits stand on: EVMs, a DAO in a test, models in plain Python, random lives."""
