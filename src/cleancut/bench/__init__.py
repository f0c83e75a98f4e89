"""How fast cut-outs are made, beside other programs and beside the bare model."""
