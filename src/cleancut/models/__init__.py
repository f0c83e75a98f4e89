"""What the models are, and where their weights come from."""
