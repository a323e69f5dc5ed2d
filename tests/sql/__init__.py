"""Tests of what SQL names."""
