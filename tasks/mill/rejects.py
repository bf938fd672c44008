"""A document that is rejected as a whole."""

from __future__ import annotations

from tasks.errors import error_text
from warehouse.records import Document, Feed, Milled, Reject


def reject_document(document: Document, error: Exception) -> Milled:
    """The document rejected as a whole."""
    if document.request:
        from tasks.mill.page import reject_page

        return reject_page(document, Feed(document.feed_id, document.feed_id, ""), error)
    # a feed document is found by its feed; a reject of any other names the file or address
    location = document.final_url if document.form != "feed" or document.source != "feed" else None
    return Milled(
        document, rejects=(Reject("parse", error_text(error), document.feed_id, document.document_id, location),)
    )
