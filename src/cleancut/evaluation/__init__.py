"""How good cut-outs are: measured against ground truth, and compared over many photos."""
