"""No rows of its own. The module is here because Django tells only apps with one about migrations (see `tenancy`)."""
