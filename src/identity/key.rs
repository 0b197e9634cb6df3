//! placeholder until the config branch lands
/// Id.
pub fn parse_id(presented: &str) -> Option<&str> {
    presented.strip_prefix("tg-")?.rsplit_once('-').map(|p| p.0)
}
