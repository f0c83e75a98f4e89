"""remove.bg's API (version 1.0), answered by cleancut: its words, its sizes, its errors, its credits."""
