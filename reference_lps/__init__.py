"""A small vendor software, for a doctor's practice and a pharmacy: the proof that the bench judges rightly.

It implements the contract of `schemas.actions` over HTTP, keeps its own state in memory and knows the
national services only by the environment file. It may use `schemas`, and nothing else of the house.
"""
