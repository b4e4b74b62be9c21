"""The format codes of J60.

Re-typed from the published value set (ANS JDV_J60-FormatCode-DMP, version of 27 September 2024).
"""

_ASIP = (
    *("aunv:2013", "avk:2009", "cr-anest:2020", "cr-cpa:2020", "crgm:2018", "crrtn:2013", "cse-cs8:2017"),
    *("cse-cs9:2017", "cse-cs24:2017", "d2lm-fidd:2017", "d2lm-fin:2017", "dci:2009", "dlu:2015", "dlu:2024"),
    *("eunv:2013", "fludr:2017", "fludt:2017", "fr-su:2024", "frcp:2011", "ft-su:2024", "hr:2019"),
    *("idap:2011", "ldl-ees:2017", "ldl-ses:2017", "obp-sap:2023", "obp-scm:2023", "obp-sem:2023"),
    *("obp-sne:2023", "obp-snm:2023", "pavc:2016", "ppp:2023", "pps-cancer:2017", "pps-paerpa:2017"),
    *("ppv:2009", "psc:2009", "sdm-mr:2017", "sunv:2013", "tap:2009", "tlm-da:2020", "vac:2019"),
    *("vac-note:2021", "vsm:2012"),
)
FORMATS: frozenset[str] = frozenset(
    {
        *(f"urn:asip:ci-sis:{name}" for name in _ASIP),
        *(
            f"urn:ans:ci-sis:{name}"
            for name in ("bio-ep-bio:2022", "img-da:2022", "cse-mde:2023", "trod:2024")
        ),
        "urn:asipSante:modelesHorsProfils:2011",
        "urn:ihe:iti:xds-sd:pdf:2008",
        "urn:ihe:iti:xds-sd:text:2008",
        *(f"urn:ihe:iti-fr:xds-sd:{kind}:2010" for kind in ("jpeg", "rtf", "tiff")),
        "urn:ihe:lab:xd-lab:2008",
        "urn:ihe:palm:apsr:2016",
        "urn:ihe:pcc:ips:2020",
        "urn:ihe:pharm:pre:2010",
        "urn:ihe:pharm:dis:2010",
        "urn:ihe:eyecare:geneyeevalcn:2014",
        "urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013",
        "urn:ihe:iti:dsg:detached:2014",
        "1.2.840.10008.5.1.4.1.1.88.59",
        "http://www.w3.org/2000/09/xmldsig#",
    }
)
