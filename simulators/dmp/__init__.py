"""The DMP over SOAP 1.2: patients and authorisations (TD0.x, TD1.x), feeding (TD2.1), search (TD3.1) and
retrieval (TD3.2).

Known from public documents: paths, actions, messages, authentication modes, rights. Assumed, and said so
where it shows: which code answers which refusal, the window of validity of a VIHF, sizes.
"""
