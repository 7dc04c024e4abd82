"""What auditors run, and what it stands on: random lives, models, mutants, proofs, benchmarks."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""Of the project."""
