"""`make demo`: the main road, on a real cluster, step by step with what is seen."""
