"""Tables for taking along: asked for with a reason, limited, marked, hashed, and on record from beginning to end."""
