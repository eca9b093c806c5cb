"""What the pipeline makes, one module a room: recipes of the daily tables, and the hours of operation."""
