"""XDS.b metadata: codec, queries, transfers, signature of the submission set, rules."""

from schemas.xds.answers import read_registry_response, write_registry_response
from schemas.xds.assemble import new_submission
from schemas.xds.derive import author_of, entry_from_cda
from schemas.xds.errors import error_code, refusal_code
from schemas.xds.judge import Judgement, judge_decisive, judge_deferred, judge_submission
from schemas.xds.lot import Lot
from schemas.xds.model import (
    Association,
    Author,
    Code,
    DocumentEntry,
    RegistryError,
    RegistryResponse,
    Submission,
    SubmissionSet,
    XdsRefused,
)
from schemas.xds.query import (
    Query,
    QueryResponse,
    find_documents,
    get_documents,
    judge_query,
    read_query,
    read_query_response,
    write_query,
    write_query_response,
)
from schemas.xds.reader import read_submission
from schemas.xds.signature import sign_submission, verify_submission_signature
from schemas.xds.transfer import (
    Provided,
    Retrieved,
    RetrieveResponse,
    Wanted,
    read_provide,
    read_retrieve,
    read_retrieve_response,
    write_provide,
    write_retrieve,
    write_retrieve_response,
)
from schemas.xds.writer import write_submission

__all__ = [
    "Association",
    "Author",
    "Code",
    "DocumentEntry",
    "Judgement",
    "Lot",
    "Provided",
    "Query",
    "QueryResponse",
    "RegistryError",
    "RegistryResponse",
    "RetrieveResponse",
    "Retrieved",
    "Submission",
    "SubmissionSet",
    "Wanted",
    "XdsRefused",
    "author_of",
    "entry_from_cda",
    "error_code",
    "find_documents",
    "get_documents",
    "judge_decisive",
    "judge_deferred",
    "judge_query",
    "judge_submission",
    "new_submission",
    "read_provide",
    "read_query",
    "read_query_response",
    "read_registry_response",
    "read_retrieve",
    "read_retrieve_response",
    "read_submission",
    "refusal_code",
    "sign_submission",
    "verify_submission_signature",
    "write_provide",
    "write_query",
    "write_query_response",
    "write_registry_response",
    "write_retrieve",
    "write_retrieve_response",
    "write_submission",
]
