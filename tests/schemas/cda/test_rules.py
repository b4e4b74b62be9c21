"""Each rule has a document that passes and a seeded defect that fails that rule and no other error rule."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from schemas.cda import DocumentSpec, Header, PrescriptionSpec, build_document, build_prescription, judge
from schemas.cda.verdict import ALL_RULES
from schemas.finding import Severity, errors
from schemas.messages import catalogue
from schemas.xml import Element
from tests.schemas.cda.mutation import mutations

H = {"h": "urn:hl7-org:v3"}
Edit = Callable[[Element], None]
C = "/h:ClinicalDocument"
PATIENT = f"{C}/h:recordTarget/h:patientRole"
ACT = f"{C}/h:documentationOf[1]/h:serviceEvent"
ENCOUNTER = f"{C}/h:componentOf/h:encompassingEncounter"
LINE = "//h:substanceAdministration"
SECTION = "//h:section[h:templateId/@root='1.2.250.1.213.1.1.2.{}']"


def put(xpath: str, name: str, value: str) -> Edit:
    """Set an attribute on the first element found."""

    def edit(root: Element) -> None:
        root.xpath(xpath, namespaces=H)[0].set(name, value)

    return edit


def unset(xpath: str, name: str) -> Edit:
    def edit(root: Element) -> None:
        del root.xpath(xpath, namespaces=H)[0].attrib[name]

    return edit


def drop(xpath: str) -> Edit:
    """Remove every element found."""

    def edit(root: Element) -> None:
        found = root.xpath(xpath, namespaces=H)
        assert found, xpath
        for element in found:
            element.getparent().remove(element)

    return edit


def say(xpath: str, text: str) -> Edit:
    def edit(root: Element) -> None:
        root.xpath(xpath, namespaces=H)[0].text = text

    return edit


def twice(xpath: str) -> Edit:
    """Repeat an element right after itself."""

    def edit(root: Element) -> None:
        found = root.xpath(xpath, namespaces=H)[0]
        found.addnext(etree.fromstring(etree.tostring(found)))

    return edit


def after(xpath: str, xml: str) -> Edit:
    def edit(root: Element) -> None:
        root.xpath(xpath, namespaces=H)[0].addnext(
            etree.fromstring(xml.replace(">", ' xmlns="urn:hl7-org:v3">', 1))
        )

    return edit


def before(xpath: str, xml: str) -> Edit:
    def edit(root: Element) -> None:
        element = etree.fromstring(xml.replace(">", ' xmlns="urn:hl7-org:v3">', 1))
        root.xpath(xpath, namespaces=H)[0].addprevious(element)

    return edit


def inside(xpath: str, xml: str) -> Edit:
    """Add an element at the end of another."""

    def edit(root: Element) -> None:
        root.xpath(xpath, namespaces=H)[0].append(
            etree.fromstring(xml.replace(">", ' xmlns="urn:hl7-org:v3">', 1))
        )

    return edit


def both(*edits: Edit) -> Edit:
    def edit(root: Element) -> None:
        for one in edits:
            one(root)

    return edit


def move_last(first: str, second: str) -> Edit:
    """Put an element after another."""

    def edit(root: Element) -> None:
        root.xpath(second, namespaces=H)[0].addnext(root.xpath(first, namespaces=H)[0])

    return edit


def same_ids(xpath: str) -> Edit:
    """Give the first two elements the same id."""

    def edit(root: Element) -> None:
        for element in root.xpath(xpath, namespaces=H)[:2]:
            for identifier in element.findall("{urn:hl7-org:v3}id"):
                element.remove(identifier)
            template = element.findall("{urn:hl7-org:v3}templateId")[-1]
            template.addnext(etree.fromstring("<id xmlns='urn:hl7-org:v3' root='1.2.3' extension='x'/>"))

    return edit


def twice_other(xpath: str) -> Edit:
    """Repeat an identifier with another extension."""

    def edit(root: Element) -> None:
        found = root.xpath(xpath, namespaces=H)[0]
        other = etree.fromstring(etree.tostring(found))
        other.set("extension", "801234500011")
        found.addnext(other)

    return edit


LINE_OF_ADDRESS = "<streetAddressLine>x</streetAddressLine>"
GUARDIAN = "<guardian><guardianPerson><name>{}</name></guardianPerson></guardian>"
DECEASED = "<s:deceasedInd xmlns:s='urn:hl7-org:sdtc' value='false'></s:deceasedInd>"
NAMELESS = "<informant><relatedEntity classCode='ECON'><relatedPerson/></relatedEntity></informant>"
TWO_IDS = (
    "<authenticator><time value='20261124093000+0000'/><signatureCode code='S'/><assignedEntity>"
    "<id root='1.2.250.1.71.4.2.1' extension='x/1'/><id root='1.2.250.1.71.4.2.1' extension='y/1'/>"
    "</assignedEntity></authenticator>"
)
ENTERER = "<dataEnterer><assignedEntity><id root='1.2.250.1.71.4.2.1'/></assignedEntity></dataEnterer>"
TAKES_PART = (
    "<encounterParticipant typeCode='{}'><assignedEntity><id root='{}' extension='x/1'/></assignedEntity>"
    "</encounterParticipant>"
)
DISCHARGE = (
    "<dischargeDispositionCode code='x' displayName='x' codeSystem='1.2.3'></dischargeDispositionCode>"
)
NULL_AND_EXTENSION = "<id extension='x' nullFlavor='UNK'></id>"
ROLE = "<functionCode code='{}' codeSystem='1.2'></functionCode>"
ORDER = "<inFulfillmentOf><order><priorityCode nullFlavor='UNK'/></order></inFulfillmentOf>"
TRANSLATION = "<translation code='x' codeSystem='1.2'></translation>"
SECOND_ACT = (
    "<documentationOf><serviceEvent><effectiveTime><low value='20261301'/></effectiveTime></serviceEvent>"
    "</documentationOf>"
)
REFERENCE_RANGE = (
    "<referenceRange><observationRange><value><low value='5' unit='g/L'/><high value='3' unit='g/L'/></value>"
    "</observationRange></referenceRange>"
)
BACKWARD = (
    "<participant typeCode='INF'><time><low value='20260101'/><high value='20200101'/></time>"
    "<associatedEntity classCode='PROV'/></participant>"
)
TOO_MUCH = BACKWARD.replace("<high value='20200101'", "<width value='1' unit='a'/><high value='20270101'")
DEVICE = (
    "<assignedAuthoringDevice><manufacturerModelName>x</manufacturerModelName><softwareName/>"
    "</assignedAuthoringDevice>"
)

AUTHENTICATOR = (
    "<authenticator><time value='20261124093000+0000'/><signatureCode code='S'/><assignedEntity>"
    "<id root='1.2.3' extension='x'/></assignedEntity></authenticator>"
)
INFORMANT = (
    "<informant><relatedEntity classCode='{}'>"
    "<code code='{}' displayName='x' codeSystem='2.16.840.1.113883.5.111'/></relatedEntity></informant>"
)
RECIPIENT = (
    "<informationRecipient><intendedRecipient><id root='1.2.250.1.71.4.2.1'/></intendedRecipient>"
    "</informationRecipient>"
)
PARTICIPANT = (
    "<participant typeCode='{}'><time nullFlavor='NAV'/><associatedEntity classCode='PROV'/></participant>"
)
MIXED_ADDRESS = "<addr><streetAddressLine>x</streetAddressLine><city>y</city></addr>"
CONSENT = "<authorization><consent><statusCode code='completed'/></consent></authorization>"
RELATED = "<relatedDocument typeCode='{}'><parentDocument><id root='{}'/></parentDocument></relatedDocument>"

ON_LEVEL_1: list[tuple[str, Edit]] = [
    ("CDA-XSD-01", after(f"{C}/h:title", "<subtitle>x</subtitle>")),
    ("CDA-XSD-01", both(drop(f"{C}/h:title"), after(f"{C}/h:effectiveTime", "<title>x</title>"))),
    ("CDA-XSD-01", put(C, "color", "red")),
    ("CDA-HDR-01", put(f"{C}/h:realmCode", "code", "US")),
    ("CDA-HDR-01", drop(f"{C}/h:realmCode")),
    ("CDA-HDR-02", put(f"{C}/h:typeId", "extension", "POCD_HD000041")),
    ("CDA-HDR-03", drop(f"{C}/h:templateId[@root='2.16.840.1.113883.2.8.2.1']")),
    ("CDA-HDR-04", drop(f"{C}/h:templateId[@root='1.2.250.1.213.1.1.1.1']")),
    ("CDA-HDR-06", drop(f"{C}/h:id")),
    ("CDA-HDR-06", put(f"{C}/h:id", "root", "0be24ec5-f2dc-44eb-8a14-4a83d1e0ff71")),
    ("CDA-HDR-06", put(f"{C}/h:id", "root", "1.02.3")),
    ("CDA-HDR-07", unset(f"{C}/h:code", "displayName")),
    ("CDA-HDR-07", drop(f"{C}/h:code")),
    ("CDA-JDV-07", put(f"{C}/h:code", "code", "99999-9")),
    ("CDA-JDV-07B", put(f"{C}/h:code", "codeSystem", "1.2.3")),
    ("CDA-HDR-08", say(f"{C}/h:title", " ")),
    ("CDA-HDR-09", put(f"{C}/h:effectiveTime", "value", "20261324")),
    ("CDA-HDR-09", drop(f"{C}/h:effectiveTime")),
    ("CDA-HDR-10", put(f"{C}/h:confidentialityCode", "code", "X")),
    ("CDA-HDR-11", put(f"{C}/h:languageCode", "code", "fr")),
    ("CDA-HDR-12", drop(f"{C}/h:setId")),
    ("CDA-HDR-13", put(f"{C}/h:versionNumber", "value", "1.0")),
    ("CDA-HDR-14", put(C, "classCode", "DOC")),
    ("CDA-HDR-15", twice(f"{C}/h:component")),
    ("CDA-REL-01", after(f"{C}/h:documentationOf", RELATED.format("RPLC", "x"))),
    ("CDA-REL-01", both(*[after(f"{C}/h:documentationOf", RELATED.format("RPLC", "1.2.3"))] * 2)),
    ("CDA-REL-02", after(f"{C}/h:documentationOf", RELATED.format("RPLC", "1.2.3"))),
    ("CDA-EXT-01", put(f"{C}/h:setId", "root", "1.2.250.1.999.1.1.7")),
    ("CDA-EXT-01B", after(f"{C}/h:documentationOf", RELATED.format("RPLC", "1.2.250.1.999.1.1.7"))),
    ("CDA-EXT-02", put(f"{C}/h:code", "displayName", "Analyses")),
    ("CDA-EXT-03", put(f"{C}/h:effectiveTime", "value", "20261124")),
    ("CDA-EXT-04", put(f"{C}/h:confidentialityCode", "code", "R")),
    ("CDA-EXT-05", put(f"{C}/h:versionNumber", "value", "0")),
    ("CDA-EXT-06", after(f"{C}/h:documentationOf", RELATED.format("APND", "1.2.3"))),
    ("CDA-EXT-07", put(C, "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "a b")),
    ("CDA-EXT-08", put(f"{C}/h:author/h:time", "value", "20270101000000+0000")),
    ("CDA-EXT-09", put(f"{C}/h:legalAuthenticator/h:time", "value", "20261124093000+000")),
    ("CDA-PAT-01", twice(f"{C}/h:recordTarget")),
    ("CDA-PAT-02", unset(f"{PATIENT}/h:id[1]", "extension")),
    ("CDA-PAT-02", drop(f"{PATIENT}/h:id")),
    ("CDA-PAT-03", move_last(f"{PATIENT}/h:id[1]", f"{PATIENT}/h:id[2]")),
    ("CDA-PAT-05", drop("//h:given[@qualifier='BR']")),
    ("CDA-PAT-05", drop("//h:birthplace")),
    ("CDA-PAT-06", drop(f"{PATIENT}/h:patient/h:name")),
    ("CDA-PAT-07", after(f"{PATIENT}/h:patient/h:name/h:family", "<family qualifier='SP'>X</family>")),
    ("CDA-PAT-08", after(f"{PATIENT}/h:patient/h:name/h:family", "<given qualifier='SP'>X</given>")),
    ("CDA-PAT-09", both(*[after(f"{PATIENT}/h:patient/h:name/h:family", "<prefix>M</prefix>")] * 2)),
    ("CDA-PAT-10", put("//h:administrativeGenderCode", "code", "U")),
    ("CDA-PAT-11", put("//h:birthTime", "value", "1979-03-28")),
    ("CDA-PAT-10B", put("//h:administrativeGenderCode", "codeSystem", "1.2.3")),
    ("CDA-PAT-11", drop("//h:birthTime")),
    ("CDA-PAT-11B", put("//h:birthTime", "value", "197903")),
    ("CDA-PAT-12", say("//h:county", "PARIS")),
    ("CDA-PAT-13", before(f"{PATIENT}/h:telecom", MIXED_ADDRESS)),
    ("CDA-PAT-13B", before(f"{PATIENT}/h:telecom", "<addr><city>x</city><city>y</city></addr>")),
    ("CDA-PAT-13B", before(f"{PATIENT}/h:telecom", f"<addr>{LINE_OF_ADDRESS * 8}</addr>")),
    ("CDA-PAT-14", put(f"{PATIENT}/h:telecom", "value", "0102030405")),
    ("CDA-PAT-14", put(f"{PATIENT}/h:telecom", "value", "tel:")),
    ("CDA-PAT-14", before(f"{PATIENT}/h:telecom", "<addr use='DIR'><city>x</city></addr>")),
    ("CDA-PAT-15", before("//h:birthplace", GUARDIAN.format("<family qualifier='AC'>x</family>"))),
    ("CDA-PAT-15", before("//h:birthplace", GUARDIAN.format("<given>x</given>"))),
    ("CDA-PAT-15", before("//h:birthplace", "<guardian></guardian>")),
    ("CDA-PAT-16", both(*[after("//h:birthTime", DECEASED)] * 2)),
    ("CDA-PAT-14", put(f"{PATIENT}/h:telecom", "use", "XX")),
    ("CDA-PAT-14", put(f"{PATIENT}/h:telecom", "nullFlavor", "UNK")),
    ("CDA-PAT-18", put(f"{PATIENT}/h:id[1]", "extension", "279035121518900")),
    ("CDA-PAT-18", put(f"{PATIENT}/h:id[1]", "extension", "2790351215189")),
    ("CDA-PAT-19", both(
        put(f"{PATIENT}/h:id[1]", "root", "1.2.3"), put(f"{PATIENT}/h:id[1]", "extension", "297022A02077878")
    )),
    ("CDA-PAT-20", put(f"{PATIENT}/h:id[1]", "root", "1.2.250.1.213.1.4.8")),
    ("CDA-PAT-21", put("//h:birthTime", "value", "19790231")),
    ("CDA-PAT-21", put("//h:birthTime", "value", "19791328")),
    ("CDA-PAT-21B", put("//h:birthTime", "value", "19792001")),
    ("CDA-AUT-01", drop(f"{C}/h:author")),
    ("CDA-AUT-01", put(f"{C}/h:author/h:time", "value", "20261301")),
    ("CDA-AUT-01", drop(f"{C}/h:author/h:time")),
    ("CDA-AUT-02", unset(f"{C}/h:author//h:id", "extension")),
    ("CDA-AUT-03", put(f"{C}/h:author//h:code", "code", "G99")),
    ("CDA-AUT-03C", put(f"{C}/h:author//h:code", "codeSystem", "1.2.3")),
    ("CDA-JDV-SYS", put(f"{C}/h:legalAuthenticator//h:code", "codeSystem", "1.2.3")),
    ("CDA-JDV-SYS", put("//h:standardIndustryClassCode", "codeSystem", "1.2.3")),
    ("CDA-JDV-OPEN", put(f"{C}/h:author//h:code", "code", "G15_99/XY1")),
    ("CDA-AUT-03", put(f"{C}/h:author//h:code", "code", "G15_10/SCH10")),
    ("CDA-AUT-03", put(f"{C}/h:author//h:code", "code", "NO_SUCH_CODE")),
    ("CDA-AUT-03", put(f"{C}/h:legalAuthenticator//h:code", "code", "G99")),
    ("CDA-AUT-03B", unset(f"{C}/h:author//h:code", "displayName")),
    ("CDA-AUT-04", drop(f"{C}/h:author//h:family")),
    ("CDA-AUT-04", drop(f"{C}/h:author//h:assignedPerson/h:name")),
    ("CDA-AUT-04", after(f"{C}/h:author//h:name/h:given", "<given>x</given>")),
    ("CDA-AUT-05", say(f"{C}/h:author//h:prefix", "Mr")),
    ("CDA-AUT-06", before(f"{C}/h:author/h:time", ROLE.format("ZZZ"))),
    ("CDA-AUT-07", put(f"{C}/h:author//h:representedOrganization/h:id", "root", "1.2.3")),
    ("CDA-AUT-08", put(f"{C}/h:author/h:assignedAuthor/h:id", "extension", "12")),
    ("CDA-CUS-01", put("//h:representedCustodianOrganization/h:id", "root", "1.2.3")),
    ("CDA-CUS-01", drop(f"{C}/h:custodian")),
    ("CDA-CUS-02", drop("//h:representedCustodianOrganization/h:name")),
    ("CDA-LEG-01", put(f"{C}/h:legalAuthenticator/h:signatureCode", "code", "X")),
    ("CDA-LEG-01", drop(f"{C}/h:legalAuthenticator")),
    ("CDA-LEG-01", put(f"{C}/h:legalAuthenticator/h:time", "value", "20261301")),
    ("CDA-LEG-02", before(f"{C}/h:legalAuthenticator//h:id", "<id root='1.2.3' extension='x'></id>")),
    ("CDA-LEG-02", unset(f"{C}/h:legalAuthenticator//h:id", "extension")),
    ("CDA-ATN-01", after(f"{C}/h:legalAuthenticator", AUTHENTICATOR)),
    ("CDA-INF-01", after(f"{C}/h:author", INFORMANT.format("XX", "SIS"))),
    ("CDA-INF-01", after(f"{C}/h:author", INFORMANT.format("ECON", "ZZZ"))),
    ("CDA-INF-01", after(f"{C}/h:author", NAMELESS)),
    ("CDA-AE-02", after(f"{C}/h:legalAuthenticator", TWO_IDS)),
    ("CDA-DEN-01", after(f"{C}/h:author", ENTERER)),
    ("CDA-DEN-01", unset(f"{ACT}/h:performer//h:id", "extension")),
    ("CDA-REC-01", after(f"{C}/h:custodian", RECIPIENT)),
    ("CDA-PAR-01", after(f"{C}/h:legalAuthenticator", PARTICIPANT.format("ENT"))),
    ("CDA-PAR-01", after(f"{C}/h:legalAuthenticator", PARTICIPANT.format("INF").replace("PROV", "PAT"))),
    ("CDA-AE-01", put("//h:standardIndustryClassCode", "code", "ZZZ")),
    ("CDA-SRV-01", drop(f"{C}/h:documentationOf")),
    ("CDA-SRV-02", twice(f"{ACT}/h:performer")),
    ("CDA-SRV-02", drop(f"{ACT}/h:performer")),
    ("CDA-SRV-03", drop(f"{ACT}/h:effectiveTime/h:low")),
    ("CDA-SRV-03", put(f"{ACT}/h:effectiveTime/h:low", "value", "20261301")),
    ("CDA-SRV-04", drop("//h:standardIndustryClassCode")),
    ("CDA-SRV-04", drop(f"{ACT}/h:performer//h:representedOrganization")),
    ("CDA-SRV-04", twice_other(f"{ACT}/h:performer/h:assignedEntity/h:id")),
    ("CDA-SRV-05", unset(f"{ACT}/h:code", "codeSystem")),
    ("CDA-SRV-06", after(f"{ACT}/h:effectiveTime/h:low", "<high value='20200101'></high>")),
    ("CDA-ENC-01", drop(f"{C}/h:componentOf")),
    ("CDA-ENC-01", after(f"{ENCOUNTER}/h:effectiveTime/h:low", "<high value='20200101'></high>")),
    ("CDA-ENC-01", put(f"{ENCOUNTER}/h:effectiveTime", "value", "20261124")),
    ("CDA-ENC-03", before(f"{ENCOUNTER}/h:location", TAKES_PART.format("XXX", "1.2.250.1.71.4.2.1"))),
    ("CDA-ENC-03", before(f"{ENCOUNTER}/h:location", TAKES_PART.format("ATND", "1.2.3"))),
    ("CDA-ENC-04", before(f"{ENCOUNTER}/h:location", DISCHARGE)),
    ("CDA-ENC-02", drop("//h:healthCareFacility/h:code")),
    ("CDA-ENC-05", put("//h:healthCareFacility/h:code", "code", "SA99")),
    ("CDA-ENC-05", put(f"{ENCOUNTER}/h:code", "code", "ZZZ")),
    ("CDA-CON-01", after(f"{C}/h:documentationOf", CONSENT)),
    ("CDA-ORD-01", before(f"{C}/h:documentationOf", ORDER)),
    ("CDA-DT-01", before(f"{PATIENT}/h:telecom", "<addr nullFlavor='NAV'><city>x</city></addr>")),
    ("CDA-DT-01", put("//h:birthplace/h:place/h:addr", "nullFlavor", "UNK")),
    ("CDA-DT-01", before(f"{PATIENT}/h:telecom", "<telecom use='H' nullFlavor='UNK'></telecom>")),
    ("CDA-DT-02", after(f"{C}/h:author//h:representedOrganization/h:id", NULL_AND_EXTENSION)),
    ("CDA-DT-02", before(f"{PATIENT}/h:id[2]", "<id root='1.2.3' extension='x' nullFlavor='UNK'></id>")),
    ("CDA-DT-02B", twice(f"{PATIENT}/h:id[2]")),
    ("CDA-DT-03B", before(f"{C}/h:author/h:time", "<functionCode code='PCP'></functionCode>")),
    ("CDA-DT-03B", both(*[inside(f"{ACT}/h:code", TRANSLATION)] * 2)),
    ("CDA-DT-04", after(f"{C}/h:documentationOf", SECOND_ACT)),
    ("CDA-DT-05", after(f"{C}/h:legalAuthenticator", BACKWARD)),
    ("CDA-DT-05", after(f"{C}/h:legalAuthenticator", BACKWARD.replace("20200101", "20260101"))),
    ("CDA-DT-05", after(f"{C}/h:legalAuthenticator", TOO_MUCH)),
    ("CDA-DT-06B", both(drop(f"{C}/h:author//h:assignedPerson"), after(f"{C}/h:author//h:telecom", DEVICE))),
    ("CDA-DT-02", put(f"{C}/h:author//h:representedOrganization/h:id", "root", "abc")),
    ("CDA-DT-03", put(f"{ACT}/h:code", "nullFlavor", "UNK")),
    ("CDA-DT-06", say(f"{C}/h:author//h:given", "")),
    ("CDA-DT-07", put(f"{PATIENT}/h:addr", "nullFlavor", "NA")),
    ("CDA-L1-01", twice("//h:nonXMLBody/h:text")),
    ("CDA-L1-07", after("//h:nonXMLBody/h:text", "<languageCode code='fr-FR'></languageCode>")),
    ("CDA-L1-02", twice(f"{C}/h:templateId[3]")),
    ("CDA-EXT-19", put(f"{C}/h:legalAuthenticator/h:time", "value", "20261101093000+0000")),
    ("CDA-EXT-20", put(f"{C}/h:author/h:assignedAuthor/h:id", "extension", "899700100012")),
    ("CDA-EXT-21", put(f"{C}/h:author//h:representedOrganization/h:id", "extension", "112")),
    ("CDA-EXT-22", say("//h:representedOrganization/h:name", " ")),
    ("CDA-L1-02", put(f"{C}/h:templateId[3]", "root", "1.2.250.1.213.1.1.1.55")),
    ("CDA-L1-03", unset("//h:nonXMLBody/h:text", "representation")),
    ("CDA-L1-03", say("//h:nonXMLBody/h:text", "ceci n'est pas du base64")),
    ("CDA-L1-04", put("//h:nonXMLBody/h:text", "mediaType", "text/html")),
    ("CDA-L1-05", say("//h:nonXMLBody/h:text", "aGVsbG8=")),
    ("CDA-L1-06", say("//h:nonXMLBody/h:text", "JVBERi0xLjQK")),
]  # fmt: skip

ON_PRESCRIPTION: list[tuple[str, Edit]] = [
    ("CDA-HDR-05", drop(f"{C}/h:templateId[position() > 2]")),
    ("CDA-DT-08", put("//h:content[@ID='med-002-ALD']", "ID", "med-001-ALD")),
    ("CDA-MOD-02", drop(f"{C}/h:templateId[@root='1.2.250.1.213.1.1.1.39']")),
    ("CDA-MOD-01", put(f"{C}/h:code", "code", "57828-6")),
    ("CDA-EP-H3", drop(f"{PATIENT}/h:telecom")),
    ("CDA-EP-H4", drop(f"{C}/h:author/h:assignedAuthor/h:code")),
    ("CDA-EP-H4", drop(f"{C}/h:author//h:representedOrganization/h:name")),
    ("CDA-EP-H5", drop(f"{ACT}/h:effectiveTime/h:high")),
    ("CDA-MOD-04", unset(f"{C}/h:templateId[@root='1.2.250.1.213.1.1.1.39']", "extension")),
    ("CDA-EP-02", put(f"{ACT}/h:id", "extension", "abc")),
    ("CDA-EP-03", drop(SECTION.format(223) + "/..")),
    ("CDA-EP-03B", drop(f"{ACT}/h:id")),
    ("CDA-EP-04", say("//h:observationMedia[@ID='code-2d']/h:value", "aGVsbG8=")),
    ("CDA-EP-04B", put("//h:observationMedia[@ID='code-2d']/h:value", "mediaType", "image/gif")),
    ("CDA-EP-05", put(f"{ACT}/h:id", "extension", "01AAAAAAAAAAAAAAAA")),
    ("CDA-EP-06", drop(SECTION.format(243) + "/..")),
    ("CDA-FR-2.243", say(SECTION.format(243) + "/h:title", "Copie")),
    ("CDA-EP-07", put(f"{ACT}/h:effectiveTime/h:low", "value", "20261101093000+0000")),
    ("CDA-EP-08", put(f"{C}/h:documentationOf[2]/h:serviceEvent/h:code", "code", "MED-0000")),
    ("CDA-EP-09", twice(f"{C}/h:author")),
    ("CDA-EP-11", put(f"{LINE}/h:text/h:reference", "value", "#nope")),
    ("CDA-EP-11B", put("//h:observation/h:text/h:reference", "value", "#nope")),
    ("CDA-EP-12", drop(f"({LINE})[1]/h:entryRelationship[h:observation/h:code/@code='MED-574']")),
    ("CDA-EP-12", twice(f"({LINE})[1]/h:entryRelationship[h:observation/h:code/@code='GEN-179']")),
    ("CDA-EP-12B", drop(f"({LINE})[1]/h:entryRelationship[h:observation/h:code/@code='GEN-295']")),
    ("CDA-EP-13", drop(f"({LINE})[2]//h:act/h:code/h:originalText")),
    ("CDA-EP-13", say("//h:content[@ID='med-002-substitution']", "")),
    (
        "CDA-EP-14",
        put("//h:observation[h:code/@code='MED-574'][h:value/@value='true']/h:value", "value", "false"),
    ),
    ("CDA-EP-B1", drop(SECTION.format(171) + "/..")),
    ("CDA-EP-B3", put(SECTION.format(171) + "/h:code", "code", "57833-6")),
    ("CDA-EP-B3", drop(SECTION.format(171) + "/h:templateId[@root='1.2.250.1.213.1.1.2.171']")),
    ("CDA-EP-M1", drop(f"({LINE})[1]/h:templateId[@root='1.3.6.1.4.1.19376.1.5.3.1.4.7']")),
    ("CDA-PCC-4.7", drop(f"({LINE})[1]/h:templateId[@root='1.3.6.1.4.1.19376.1.5.3.1.4.7.1']")),
    ("CDA-PCC-4.7", drop(f"({LINE})[1]/h:id")),
    ("CDA-PCC-4.7", put(f"{LINE}/h:statusCode", "code", "active")),
    ("CDA-EP-M4", put(LINE, "moodCode", "EVN")),
    ("CDA-EP-M8", put(f"{LINE}/h:effectiveTime/h:high", "value", "20200101")),
    ("CDA-EP-M9", drop(f"({LINE})[1]/h:repeatNumber")),
    ("CDA-EP-M13", put("//h:manufacturedMaterial/h:code", "codeSystem", "1.2.3")),
    ("CDA-EP-M13", drop("(//h:manufacturedMaterial)[1]/h:name")),
    ("CDA-EP-M15", drop(f"({LINE})[1]/h:entryRelationship[h:act]")),
    ("CDA-EP-M15B", put("//h:act/h:code", "code", "E")),
    ("CDA-EP-M18", put("//h:observation[h:code/@code='MED-574']/h:value", "value", "non")),
    ("CDA-EP-M19", unset("//h:supply/h:quantity", "value")),
    ("CDA-XSD-03", put("//h:renderMultiMedia", "referencedObject", "nope")),
]

# What another rule rightly says of the same defect
FOLLOWS = {"CDA-HDR-05": {"CDA-MOD-02"}, "CDA-EXT-13": {"CDA-EP-B5"}}

SECTIONS = "//h:component/h:section"
PICTURE = "//h:observationMedia[@ID='code-2d']/h:value"
INTERVAL = "<effectiveTime><low value='20260101'/><high value='20200101'/></effectiveTime>"

ON_OTHER: list[tuple[str, Edit]] = [
    (
        "CDA-EXT-10",
        both(
            drop("(//h:observation)[1]/h:effectiveTime"), after("(//h:observation)[1]/h:statusCode", INTERVAL)
        ),
    ),
    ("CDA-EXT-10", after("(//h:observation)[1]/h:value", REFERENCE_RANGE)),
    ("CDA-EXT-11", say("//h:observationMedia[@ID='doc-pdf']/h:value", "aGVsbG8=")),
    ("CDA-EXT-12", put(PICTURE, "mediaType", "image/jpeg")),
    ("CDA-EXT-13", drop(f"({SECTIONS})[1]/h:code")),
    ("CDA-EXT-13", drop(f"({SECTIONS})[1]/h:text")),
    ("CDA-EXT-14", drop(f"({SECTIONS})[1]/h:title")),
    ("CDA-EXT-15", same_ids(SECTIONS)),
    ("CDA-EXT-16", put("(//h:reference[@value])[1]", "value", "med-001")),
    ("CDA-EXT-17", put("(//h:reference[@value])[1]", "value", "#nope")),
    ("CDA-EXT-18", inside(f"({SECTIONS})[1]/h:text", "<linkHtml href='#nope'>x</linkHtml>")),
]

RULES = {rule.id: rule for rules in ALL_RULES for rule in rules.rules.values()}


def changed(data: bytes, edit: Edit) -> bytes:
    root = etree.fromstring(data)
    edit(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def check(data: bytes, rule: str, edit: Edit) -> None:
    assert rule not in {finding.rule for finding in judge(data)}
    found = judge(changed(data, edit))
    expected = {rule, *FOLLOWS.get(rule, ())} if RULES[rule].keyword.severity is Severity.ERROR else set()
    assert rule in {finding.rule for finding in found}
    # what the schema refuses too, it says besides the rule that says it better
    assert {finding.rule for finding in errors(found)} - {"CDA-XSD-01"} == expected - {"CDA-XSD-01"}
    seen = next(finding for finding in found if finding.rule == rule)
    assert seen.where.startswith("/ClinicalDocument") and seen.line and seen.expected is not None


@pytest.mark.parametrize(("rule", "edit"), ON_LEVEL_1, ids=[rule for rule, _ in ON_LEVEL_1])
def test_level_1_defects(level1: bytes, rule: str, edit: Edit) -> None:
    check(level1, rule, edit)


@pytest.mark.parametrize(("rule", "edit"), ON_PRESCRIPTION, ids=[rule for rule, _ in ON_PRESCRIPTION])
def test_prescription_defects(prescription_spec: PrescriptionSpec, rule: str, edit: Edit) -> None:
    check(build_prescription(replace(prescription_spec, types=("MED-1096",))), rule, edit)


@pytest.mark.parametrize(("rule", "edit"), ON_OTHER, ids=[rule for rule, _ in ON_OTHER])
def test_other_defects(prescription: bytes, rule: str, edit: Edit) -> None:
    """Rules of ours on the body, on a document whose model we do not know."""
    unknown = prescription.replace(b"1.2.250.1.213.1.1.1.39", b"1.2.250.1.213.1.1.1.999")
    unknown = unknown.replace(b'"1.3.6.1.4.1.19376.1.9.1.1.1"', b'"1.2.3"')
    check(unknown.replace(b'code="57833-6"', b'code="57828-6"'), rule, edit)


def test_what_we_write_has_no_error(header: Header, prescription_spec: PrescriptionSpec) -> None:
    for kind in ("lettre", "lettre-liaison", "cr-bio", "vsm", "cr-imagerie", "certificat", "adressage"):
        assert judge(build_document(DocumentSpec(header, kind, b"%PDF-1.4 pdfaid"))) == []
    assert judge(build_prescription(prescription_spec)) == []
    assert judge(build_prescription(replace(prescription_spec, epu_id=None, valid_until=None))) == []
    replaced = replace(header, replaces="1.2.3.4", version=2, recipients=(header.author,))
    assert judge(build_document(DocumentSpec(replaced, "lettre", b"%PDF-1.4 pdfaid"))) == []


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "CDA-XML-01"),
        (b"<ClinicalDocument", "CDA-XML-01"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "CDA-XML-07"),
        (b"<a/>", "CDA-XML-02"),
        (b"<ClinicalDocument/>", "CDA-XML-02"),
    ],
)
def test_a_root_cause_stands_alone(data: bytes, rule: str) -> None:
    assert [finding.rule for finding in judge(data)] == [rule]


def test_encoding_and_mark(level1: bytes) -> None:
    assert [finding.rule for finding in judge(b"\xef\xbb\xbf" + level1)] == ["CDA-XML-03"]
    latin = etree.tostring(etree.fromstring(level1), xml_declaration=True, encoding="ISO-8859-1")
    assert [finding.rule for finding in judge(latin)] == ["CDA-XML-04"]


def test_unknown_model_is_said(prescription: bytes) -> None:
    text = prescription
    for root in (b"1.2.250.1.213.1.1.1.39", b"1.3.6.1.4.1.19376.1.9.1.1.1"):
        text = text.replace(
            b'templateId root="' + root, b'templateId root="1.2.250.1.999.' + root.rpartition(b".")[2]
        )
    text = text.replace(
        b'<code code="57833-6" displayName="Prescription de produits', b'<code code="57828-6" displayName="P'
    )
    assert [finding.rule for finding in errors(judge(text))] == []
    assert "CDA-XML-05" in {finding.rule for finding in judge(text)}


def test_not_deep_decodes_no_picture(prescription: bytes) -> None:
    garbled = changed(prescription, say("//h:observationMedia[@ID='code-2d']/h:value", "aGVsbG8="))
    assert errors(judge(garbled, deep=False)) == []


def test_every_rule_is_seeded_and_has_its_words() -> None:
    seeded = {rule for rule, _ in (*ON_LEVEL_1, *ON_PRESCRIPTION, *ON_OTHER)}
    seeded |= {f"CDA-XML-0{n}" for n in range(1, 8)}
    seeded |= {one.rule for one in mutations()}
    causes = {rule for rule in RULES if rule.startswith("CDA-CAUSE-")}  # seeded in test_causes.py
    styles = {rule for rule in RULES if rule.startswith("CDA-STYLE-")}  # seeded in test_style.py
    assert set(RULES) - seeded - causes - styles == set()
    for rule in RULES:
        entry = catalogue()[rule]
        assert entry["fr"] and entry["en"] and entry["action_fr"] and entry["action_en"], rule


def test_clean_official_documents_have_no_error(samples: Path) -> None:
    documents = sorted(samples.glob("*.xml"))
    assert len(documents) >= 40
    wrong = {path.name: errors(judge(path.read_bytes())) for path in documents}
    assert {name: [finding.rule for finding in found] for name, found in wrong.items() if found} == {}
