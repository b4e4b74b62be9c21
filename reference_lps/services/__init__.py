"""The clients of the national services, one module each. They know addresses and protocols, not patients."""
