"""WHERE a request goes: chain tags, categories, versioned rules."""
