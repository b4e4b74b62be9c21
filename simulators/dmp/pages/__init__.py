"""What the DMP's pages share: their look, their words, how a document is shown."""
