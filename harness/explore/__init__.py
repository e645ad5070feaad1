"""Exploring: random but repeatable walks through the contract, judged by its model, shrunk when something is wrong."""
