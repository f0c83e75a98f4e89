"""Calls of other libraries, answered by this one."""
