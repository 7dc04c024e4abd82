"""Random lives: state machines over contracts, and the checks of every step."""
