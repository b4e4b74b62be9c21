"""The téléservices of the Cnam: INSi (`/lps`, public interface) and e-prescription (simulated contract)."""
