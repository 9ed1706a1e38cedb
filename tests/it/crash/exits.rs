//! How the process ends: told to, or because something that it needs is not there.
