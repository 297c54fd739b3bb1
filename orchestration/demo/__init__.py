"""The demo company: a Nordic outdoor shop. Generates its source systems and, apart from them, the truth about them.

Not here: anything the pipeline uses. The pipeline never imports this package and never reads the truth.
"""
