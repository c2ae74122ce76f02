"""What may be done here at all: pure evaluation, asked by `reconcile.admit`."""
