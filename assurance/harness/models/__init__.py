"""What the contracts should answer, in plain Python."""
