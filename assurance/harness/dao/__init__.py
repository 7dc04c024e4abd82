"""A DAO in a test: deployment, roles, assets, hostile parties, histories."""
