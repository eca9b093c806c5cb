"""What the benchmarks of the planning room share: the same day on the pilot for ours, the floor and the peers."""
