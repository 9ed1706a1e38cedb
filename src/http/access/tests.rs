//! Who is let in, over whole requests.
