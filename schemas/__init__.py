"""The ground floor: what is well formed and what is allowed. Knows nothing above it."""
