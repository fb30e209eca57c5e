"""WHO: staff, regions, departments, grants."""
