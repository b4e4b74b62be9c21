"""Pro Santé Connect: an OpenID provider in the public layout (realm esante-wallet)."""
