"""What the hydraulic benchmarks share: networks with their controls, and the same day driven in four ways."""
