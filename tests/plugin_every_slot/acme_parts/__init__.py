"""One part for every slot, by the imaginary company Acme."""
