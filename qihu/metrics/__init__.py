"""How the machinery does: requests, tasks, queues, lags. No business figures, no personal data, few labels.

`counted` holds what processes count while they work; `standing` reads what is true at the moment of the scrape.
"""
