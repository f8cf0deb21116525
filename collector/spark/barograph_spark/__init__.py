"""Barograph's rollups as a Spark Structured Streaming job: the same topic, the same documents, another engine."""
