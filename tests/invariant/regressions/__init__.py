"""Lives that once failed, as they were printed when they did. Whoever mends a fault pastes its life here."""
