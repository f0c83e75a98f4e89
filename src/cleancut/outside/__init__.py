"""Requests to addresses that clients of the service name: to the public network, and never to the one inside."""
