//! What the tests of this edge share.
