"""The sandbox: runs untrusted programs with limits, without network, and with no files but their own folder."""
