"""The suites: what is demanded, played against the software. Plain pytest files, one folder a theme."""
