"""The page of what the audit found: one file that asks nothing of the network."""
