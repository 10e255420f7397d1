"""Charts: Vega-Lite specifications by Altair, drawn in the page by a bundled script, or as SVG on the server for mail and print.

The packages are heavy and optional (the layer `insight`): without them pages show the same data as a table.
"""
