"""Pure code about the estate of plug-ins and its documents. It needs no cluster."""
