"""Where ciphertext and records lie: a write-once store, and the board of signed records on it."""
