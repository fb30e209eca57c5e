"""Past requests of another system, with their times: read, understood as lives, written into the log as they were."""
