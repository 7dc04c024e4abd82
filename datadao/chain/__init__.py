"""What is asked of a chain, of one node or several, and what is sent to it."""
