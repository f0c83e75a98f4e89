"""Results kept for a time: one protocol, and an implementation on local files. One on S3 comes later."""
