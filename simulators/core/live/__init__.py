"""The live page: exchanges as they arrive, decoded, with their findings."""
