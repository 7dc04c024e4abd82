"""Everything that is signed or kept as a record: EIP-712 data, batches, submissions, bundles, handovers, scores."""
