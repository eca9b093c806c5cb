"""Side-by-side timings: one module a comparison, each with `run() -> Comparison` or a list of them."""
