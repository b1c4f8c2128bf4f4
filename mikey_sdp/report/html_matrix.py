"""The matrix as an HTML page: RFC 5197's tables as measured, each cell with its conditions and links to their runs.

How a cell came out is told by a sign, a word and a colour, so that nobody has to tell colours apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mikey_sdp.report.html_matrix_panels import cell_panels
from mikey_sdp.report.html_matrix_style import MATRIX_STYLE
from mikey_sdp.report.html_matrix_words import Pages, anchor, outcome_of, printed_words, title_of
from mikey_sdp.report.html_page import frame
from mikey_sdp.report.html_style import SCRIPT
from mikey_sdp.report.markup import Element, add, document, source
from mikey_sdp.trace import CriteriaRow, Matrix, MatrixCell, MatrixRow, PropertyRow
