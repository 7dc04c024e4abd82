"""Mutation campaign: small mistakes put into the contracts one at a time; tests must notice each."""
