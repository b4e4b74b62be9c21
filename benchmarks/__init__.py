"""What the bench costs on this machine: `python -m benchmarks` (or `make bench`)."""
