//! A fake Epic and a fake Zoom with people in them.
