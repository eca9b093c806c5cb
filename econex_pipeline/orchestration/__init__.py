"""The shell: the one place that knows Dagster. Assets, checks, partitions, resources, storage, jobs and the runner.

It composes what the rooms offer (draw -> profiles -> reduce, plan -> operate -> report) and computes nothing itself.
"""
