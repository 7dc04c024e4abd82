"""The data card: what a dataset is worth a look for, from the chain and the read model, before anyone rents it."""

from __future__ import annotations

from datadao.card.facts import Card as Card
from datadao.card.facts import card_of as card_of

__all__ = ["Card", "card_of"]
