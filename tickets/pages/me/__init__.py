"""A firm's account: signing in by one-time code, its requests, its members, and the firms one claims."""
