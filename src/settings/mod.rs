//! Typed, validated settings.
