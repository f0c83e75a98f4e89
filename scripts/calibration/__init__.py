"""What ``scripts/calibrate`` runs: the figures behind ``cleancut.matting.confidence``; see docs/confidence.md."""
