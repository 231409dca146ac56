"""Workers: `runner` runs trials, `actor` holds it in a process, `pool` speaks to the actors."""
