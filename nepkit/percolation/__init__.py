"""Percolation: networks that go on for ever, how often they do, composites and their interphases."""
