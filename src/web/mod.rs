//! Templates and static files, embedded in the binary.
