"""What every simulated service stands on: evidence, journal, clock, randomness, faults, PKI, hosting."""
