"""The campaign of random lives: every machine, in every asset, with every check."""
