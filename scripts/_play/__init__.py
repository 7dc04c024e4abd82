"""The parts of `ape run play`: a node that stays, named roles with their folders, ten commands to try."""
