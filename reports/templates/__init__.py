"""Templates and style of the HTML report."""
