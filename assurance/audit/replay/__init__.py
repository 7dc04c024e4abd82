"""Random lives that ran in process, sent again to a node: equal results, events and gas."""
