"""What must follow a commit: publish, and consume."""
