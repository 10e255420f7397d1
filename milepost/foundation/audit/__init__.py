"""The audit trail: whatever stewards, owners and operators change, with before and after."""
