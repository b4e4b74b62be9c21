"""Look-alikes of the national services, and what they all stand on."""
