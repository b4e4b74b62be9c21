"""The style sheet of a self-presentable document: nothing in it runs or points outside.

Source: SEL-MP-037 EX_2.1-1115.
"""

XSLT = "http://www.w3.org/1999/XSL/Transform"
SHEET = """<xsl:output method="html" encoding="UTF-8"/>
<xsl:template match="/"><html lang="fr"><head>
<title><xsl:value-of select="//n1:ClinicalDocument/n1:title"/></title>
<style>body { font-family: sans-serif }</style></head><body>
<h1><xsl:value-of select="//n1:ClinicalDocument/n1:title"/></h1>
<p><xsl:value-of select="//n1:patient/n1:name/n1:family"/></p>
</body></html></xsl:template>
"""


def dress(document: bytes, sheet: str = SHEET) -> bytes:
    """The CDA inside this style sheet, in UTF-8. `sheet`: what stands in `xsl:stylesheet`, before the CDA."""
    inner = document.partition(b"?>")[2].strip() if document.startswith(b"<?xml") else document
    opening = f'<xsl:stylesheet version="1.0" xmlns:xsl="{XSLT}" xmlns:n1="urn:hl7-org:v3">\n{sheet}'
    return opening.encode() + inner + b"\n</xsl:stylesheet>"
