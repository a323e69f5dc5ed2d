"""What a project's code says: its templates in all their branches, its properties, its Python models."""
