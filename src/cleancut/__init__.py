"""Turn a photo into a cut-out with a true alpha matte."""
