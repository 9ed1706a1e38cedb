//! Everything that speaks to Epic: SMART launch, backend tokens, status write-back.
