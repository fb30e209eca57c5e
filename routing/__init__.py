"""Where a request goes and how soon it must move. Never hears of tickets."""
