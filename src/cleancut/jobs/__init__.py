"""Many pictures, later: jobs that survive crashes."""
