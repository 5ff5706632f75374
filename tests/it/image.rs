//! The image (follows).
