"""Drivers of the vendor's software: one contract, four ways to be driven."""
