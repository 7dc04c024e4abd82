"""Attestors: score submissions, agree on leaves, draft and sign batches."""
