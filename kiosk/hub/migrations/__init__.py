"""The centre's tables from version to version: one numbered module a change, below `versions`.

Numbers follow each other without a branch. A migration is never changed once it is released, and reads nothing from
`kiosk.hub.schema`, which only tells of today.
"""
