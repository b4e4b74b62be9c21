"""The bench's stand-in for Mon espace santé: the same record, as the patient sees it and decides on it.

It is not the real Mon espace santé, whose screens and interfaces are not simulated: there is no login, the
patient is chosen by their INS. What it changes, the services see at once.
"""
