"""The auditor's pages: who did what outside the moves of requests."""
