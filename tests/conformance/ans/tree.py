"""A small folder shaped like TestContenuCDA, written for these tests: no official rule is in it."""

from pathlib import Path

ISO = "http://purl.oclc.org/dsdl/schematron"
BOM = "\ufeff"

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3"
    elementFormDefault="qualified">
  <xs:element name="ClinicalDocument">
    <xs:complexType>
      <xs:sequence>
        <xs:any namespace="##targetNamespace" processContents="lax" maxOccurs="unbounded"/>
      </xs:sequence>
      <xs:anyAttribute processContents="skip"/>
    </xs:complexType>
  </xs:element>
  <xs:element name="title" type="xs:string"/>
  <xs:element name="versionNumber">
    <xs:complexType><xs:attribute name="value" type="xs:int"/></xs:complexType>
  </xs:element>
</xs:schema>"""

# Wrong letter case of an include, accents and a space in a name, a byte order mark, lets, an abstract rule,
# a value set that exists in another form only, roles.
STRUCT = f"""{BOM}<?xml version="1.0" encoding="UTF-8"?>
<schema xmlns="{ISO}" queryBinding="xslt2">
  <title>header</title>
  <ns prefix="hl7" uri="urn:hl7-org:v3"/>
  <let name="wanted" value="'FR'"/>
  <pattern id="types"><include href="INCLUDE/Données communes.SCH"/></pattern>
  <pattern id="entete">
    <rule context="hl7:ClinicalDocument">
      <let name="realm" value="hl7:realmCode/@code"/>
      <assert id="realm" test="$realm = $wanted">realmCode <value-of select="$wanted"/> obligatoire,
        lu <value-of select="$realm"/> dans <name/></assert>
      <report test="hl7:copyTime" role="warning">copyTime est déconseillé</report>
      <assert test="hl7:code/@code = document('include/voc-1.2.3.4-DYNAMIC.xml')//concept/@code"
        >code hors de la liste</assert>
    </rule>
    <rule context="hl7:title | hl7:ClinicalDocument/hl7:title">
      <extends rule="TEXT"/>
    </rule>
    <rule context="hl7:title"><assert test="false()">never reached: the first match wins</assert></rule>
  </pattern>
</schema>"""
COMMON = f"""{BOM}<rule xmlns="{ISO}" abstract="true" id="TEXT">
  <let name="words" value="normalize-space(.)"/>
  <assert test="$words != ''" flag="error">texte vide</assert>
</rule>"""

# Abstract pattern, its values given by parameters: one set is there (wrong case), one is missing.
MODCDA = f"""<schema xmlns="{ISO}" queryBinding="xslt2" defaultPhase="essai">
  <ns prefix="cda" uri="urn:hl7-org:v3"/>
  <ns prefix="svs" uri="urn:ihe:iti:svs:2008"/>
  <phase id="essai"><active pattern="variables"/><active pattern="sexe"/><active pattern="langue"/></phase>
  <include href="../Abstract/dansliste.sch"/>
  <pattern id="variables">
    <let name="liste" value="'../JeuxDeValeurs/JDV_sexe.xml'"/>
    <let name="absente" value="'../jeuxDeValeurs/JDV_langue.xml'"/>
    <rule context="cda:ClinicalDocument"><assert test="true()">present</assert></rule>
  </pattern>
  <pattern id="sexe" is-a="dansListe">
    <param name="chemin" value="$liste"/>
    <param name="element" value="cda:administrativeGenderCode"/>
    <param name="vue" value="'administrativeGenderCode'"/>
  </pattern>
  <pattern id="langue" is-a="dansListe">
    <param name="chemin" value="$absente"/>
    <param name="element" value="cda:languageCode"/>
    <param name="vue" value="'languageCode'"/>
  </pattern>
  <pattern id="dormant"><rule context="*"><assert test="false()">off</assert></rule></pattern>
</schema>"""
ABSTRACT = f"""<pattern xmlns="{ISO}" id="dansListe" abstract="true">
  <rule context="$element">
    <let name="code" value="@code"/>
    <assert test="@nullFlavor or document($chemin)//svs:Concept[@code = $code]"
      >[dansListe] <value-of select="$vue"/> hors du jeu de valeurs, <value-of select="@code"/></assert>
  </rule>
</pattern>"""
GENDER = """<RetrieveValueSetResponse xmlns="urn:ihe:iti:svs:2008"><ValueSet id="1.2.3.9" displayName="sexe">
  <ConceptList><Concept code="M" codeSystem="1.2" displayName="m"/><Concept code="F" codeSystem="1.2"/>
  </ConceptList></ValueSet></RetrieveValueSetResponse>"""
TYPES = """<RetrieveValueSetResponse xmlns="urn:ihe:iti:svs:2008"><ValueSet id="1.2.3.4" displayName="types"
  revisionDate="2024-01-01T00:00:00"><ConceptList><Concept code="57833-6" codeSystem="1.2"/>
  <Concept code="11502-2" codeSystem="1.2"/></ConceptList></ValueSet></RetrieveValueSetResponse>"""

IHE = f"""<schema xmlns="{ISO}" queryBinding="xslt2"><ns prefix="cda" uri="urn:hl7-org:v3"/>
  <pattern id="section"><rule context="cda:section">
    <assert test="cda:code">section sans code</assert>
    <assert test="cda:title" role="warning">section sans titre</assert>
    <report test="@*[. = 'bad']">attribut</report></rule></pattern>
  <pattern id="attribut"><rule context="cda:section/@ID">
    <assert test="string-length(.) &gt; 2">ID court</assert></rule></pattern></schema>"""
BROKEN = f"""<schema xmlns="{ISO}" queryBinding="xslt2"><pattern>
  <rule context="*"><assert test="not(">unfinished</assert></rule></pattern></schema>"""
TERMINO = f"""<schema xmlns="{ISO}" queryBinding="xslt2"><ns prefix="cda" uri="urn:hl7-org:v3"/>
  <pattern id="unites"><rule context="cda:value[@unit]">
    <assert test="@unit = ('mg', 'g')">unité</assert></rule></pattern></schema>"""
VOLET = f"""<schema xmlns="{ISO}" queryBinding="xslt2"><ns prefix="cda" uri="urn:hl7-org:v3"/>
  <pattern id="volet"><rule context="cda:ClinicalDocument[cda:templateId/@root='1.2.250.1.213.1.1.1.39']">
    <assert test="cda:code/@code = '57833-6'">mauvais code</assert></rule>
    <rule context="cda:structuredBody">
      <assert test="count(.//cda:section) = 1">une section</assert></rule></pattern></schema>"""

FILES = {
    "infrastructure/cda/CDA_extended.xsd": XSD,
    "schematrons/profils/structurationMinimale/ASIP-STRUCT-MIN-StrucMin.sch": STRUCT,
    "schematrons/profils/structurationMinimale/include/Données Communes.sch": COMMON,
    "schematrons/profils/IHE.sch": IHE,
    "schematrons/profils/CI-SIS_ModelesDeContenusCDA.sch": MODCDA,
    "schematrons/abstract/dansListe.sch": ABSTRACT,
    "schematrons/profils/CI-SIS_Modeles_ANS.sch": BROKEN,
    "schematrons/profils/terminologies/schematron/terminologie.sch": TERMINO,
    "schematrons/CI-SIS_EP-MED-DM_2023.01.sch": VOLET.replace("une section", "une section en 2023"),
    "schematrons/CI-SIS_EP-MED-DM_2024.01.sch": VOLET,
    "jeuxDeValeurs/JDV_Sexe.xml": GENDER,
    "jeuxDeValeurs/JDV_Types.xml": TYPES,
    "README.md": "# Outil d'essai\n\nVersion 3.0 du 19/02/2025\n",
}


def write_tree(root: Path, changes: dict[str, str | None] | None = None) -> Path:
    """The folder, in `root`/outil; `changes`: files replaced, added, or left out (None)."""
    folder = root / "outil"
    for name, content in {**FILES, **(changes or {})}.items():
        if content is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    return folder


GOOD = {
    "head": "",
    "realm": '<realmCode code="FR"/>',
    "model": '<templateId root="1.2.250.1.213.1.1.1.39" extension="2024.01"/>',
    "code": '<code code="57833-6"/>',
    "title": "<title>Ordonnance</title>",
    "language": "",
    "gender": '<administrativeGenderCode code="M"/>',
    "body": '<component><structuredBody><component><section ID="abc"><code code="1"/><title>t</title>'
    '<entry><observation><value unit="mg"/></observation></entry></section></component></structuredBody>'
    "</component>",
}


def document(**parts: str) -> bytes:
    """A document in which every layer that can conclude passes, with some parts changed."""
    chosen = {**GOOD, **parts}
    head = chosen.pop("head")
    lines = "\n".join(chosen.values())
    return f'{head}<ClinicalDocument xmlns="urn:hl7-org:v3">\n{lines}\n</ClinicalDocument>'.encode()
