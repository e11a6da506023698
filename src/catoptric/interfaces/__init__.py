"""Interfaces as data: what each picture maker does when nobody turns a knob, with its source."""
