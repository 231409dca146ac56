"""Objectives: what a model is trained for."""
