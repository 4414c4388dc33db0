"""Runs of parameterised notebooks: typed parameters, run files, the plan, its execution, and what notebooks work with.

Notebooks take `helpers.batch.workspace.begin_step`; the command line takes `runfile`, `plan`, `engine` and `export`.
Nothing is imported here: a worker process needs papermill alone, a notebook does without it.
"""
