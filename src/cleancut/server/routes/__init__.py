"""What the service answers to, one file a kind of thing."""
