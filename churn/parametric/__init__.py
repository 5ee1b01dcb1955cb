"""Parametric distributions of tenure: accelerated failure time, splines, cure, interval censoring."""
