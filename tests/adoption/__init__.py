"""Tests of taking the package up."""
