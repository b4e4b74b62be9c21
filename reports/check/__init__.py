"""What `check` says of files, on its ways out: terminal, JSON, HTML, SARIF."""
