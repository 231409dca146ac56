"""Energies: what a Boltzmann machine's distribution is made of."""
