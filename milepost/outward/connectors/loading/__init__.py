"""From neutral records to rows: one transaction a batch, set-based, safe to repeat and to cut off anywhere."""
