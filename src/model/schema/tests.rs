//! The tables are whole and consistent.
