"""Deploys a DAO from a configuration: plan, rehearsal, transactions, record, verification."""
