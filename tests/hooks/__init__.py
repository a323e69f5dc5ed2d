"""The hooks: the cache, what is asked again, and real commits."""
