"""The storm: the whole system under kills, flushes and outages, and the proof that nothing was lost or doubled."""
