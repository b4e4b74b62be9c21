"""SOAP 1.2 with WS-Addressing and MTOM/XOP: what travels to and from the DMP.

`mtom` splits and joins multipart/related messages, `envelope` reads and writes envelopes and faults,
`rules` judges how a message was carried.
"""
