"""The verbs, split by who acts."""
