"""The five offline seats: five rule sets over five slices of the dossier's facts."""
