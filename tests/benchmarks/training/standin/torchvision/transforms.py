"""The name that imagen-pytorch imports; what it calls of it, for files and PIL pictures, is never reached here."""
