"""The parts of `ape run demo`: real data, real keys, real storage, one local node."""
