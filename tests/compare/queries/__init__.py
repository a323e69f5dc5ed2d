"""Tests of two queries compared."""
