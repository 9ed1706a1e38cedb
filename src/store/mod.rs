//! The store port on an embedded file.
