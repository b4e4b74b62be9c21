"""Web PS: the DMP's pages for professionals, opened from a software with the patient in the address.

TD0.9 with a CPS card, TD0.10 with Pro Santé Connect. Known: the addresses, who may, what closed, missing and
blocked records show, the confirmation, the history's depth (PDT-INF-527). What each page holds is ours.
"""
