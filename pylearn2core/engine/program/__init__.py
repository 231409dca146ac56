"""A graph to a program that goes through whole passes; a trial's values on their way to it."""
