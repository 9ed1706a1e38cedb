//! Tokens of every kind that must not be believed.
