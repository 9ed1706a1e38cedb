//! The edge to Epic.
