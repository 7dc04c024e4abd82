"""EVMs in process and nodes, contracts as handles, compiled artifacts."""
