//! That the description is whole.
