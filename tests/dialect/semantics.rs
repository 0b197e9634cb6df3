//! Whole conversations across two dialects: what an SDK user would notice.
