"""Files that belong together, judged together: a CDA with its PDF, an unzipped XDM, an archive as a whole.

Each file alone is judged by its own package (`schemas.cda`, `schemas.pdf`, `schemas.xdm`): what is told here
is what none of them shows alone. All rules here are the bench's own: no official tool compares files.
"""

from schemas.beside.folder import judge_beside
from schemas.beside.pair import Pair, judge_embedded, judge_pair, match
from schemas.beside.whole import judge_whole_archive

__all__ = ["Pair", "judge_beside", "judge_embedded", "judge_pair", "judge_whole_archive", "match"]
