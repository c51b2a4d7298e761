"""Sessions expire, their files go, and old history leaves the ledger."""
