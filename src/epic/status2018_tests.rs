//! Every answer of the status service.
