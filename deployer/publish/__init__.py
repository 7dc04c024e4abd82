"""Publishes what a recorded deployment was compiled from: into a folder, to Sourcify, to Etherscan."""
