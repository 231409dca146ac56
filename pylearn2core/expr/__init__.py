"""Expressions that models and preprocessing share."""
