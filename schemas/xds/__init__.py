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
    find_by_reference,
    find_documents,
    find_submission_sets,
    get_associations,
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
from schemas.xds.update import (
    Update,
    change_confidentiality,
    change_status,
    judge_update,
    read_update,
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
    "Update",
    "Wanted",
    "XdsRefused",
    "author_of",
    "change_confidentiality",
    "change_status",
    "entry_from_cda",
    "error_code",
    "find_by_reference",
    "find_documents",
    "find_submission_sets",
    "get_associations",
    "get_documents",
    "judge_decisive",
    "judge_deferred",
    "judge_query",
    "judge_submission",
    "judge_update",
    "new_submission",
    "read_provide",
    "read_query",
    "read_query_response",
    "read_registry_response",
    "read_retrieve",
    "read_retrieve_response",
    "read_submission",
    "read_update",
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
