"""The engine: scenarios in, verdicts, evidence and events out."""
