"""What people read. Knows the result model (`record`) and nothing of how a run is driven."""
