"""From a document's reference to a local file: fetching, and the cache on disk.

Nothing here opens a document; models.documents does.
"""
