"""Tests of what a change does."""
