"""Drivers of the vendor's software. One contract, four ways to be driven (and the recorded one, for replay)."""
