//! What an image costs, by the tile and patch rules of OpenAI's guide "Images and vision" (section "Calculating
//! costs").
//!
//! This knows sizes in pixels only, never a file; an image whose size is not known gets the cost of an assumed
//! one, and the caller is told.

/// How much of an image the model shall see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A small copy at a fixed cost, on models that cost by tiles.
    Low,
    /// All of it.
    High,
    /// The provider decides.
    Auto,
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// What is assumed of an image whose size is not known: a photograph or screenshot as applications send them.
pub const ASSUMED: Size = Size { width: 1024, height: 1024 };

/// How a model family turns an image into tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ImageRule {
    /// A base and so much for each tile of 512 pixels, after scaling down to fit 2048 by 2048 and then to 768 on
    /// the shorter side. Low detail costs the base.
    Tiles {
        /// Tokens of an image.
        base: u32,
        /// Tokens of a tile.
        tile: u32,
    },
    /// One token for each patch of 32 pixels, at most 1536 of them by scaling down, times a factor.
    Patches {
        /// Thousandths of a token for a patch.
        permille: u32,
    },
}

/// The rules by prefix of the model's name; the longest wins. Tiles and the factors of the GPT-4.1 and o4
/// families are the guide's. For `gpt-5-mini` and `gpt-5-nano` the guide says 1.62 and 2.46, but the provider's
/// price calculator and its bills say 1.2 and 1.5 (community.openai.com, topic 1344040).
const RULES: &[(&str, ImageRule)] = &[
    ("gpt-4o-mini", ImageRule::Tiles { base: 2833, tile: 5667 }),
    ("gpt-4.1-mini", ImageRule::Patches { permille: 1620 }),
    ("gpt-4.1-nano", ImageRule::Patches { permille: 2460 }),
    ("gpt-5", ImageRule::Tiles { base: 70, tile: 140 }),
    ("gpt-5-mini", ImageRule::Patches { permille: 1200 }),
    ("gpt-5-nano", ImageRule::Patches { permille: 1500 }),
    ("o1", ImageRule::Tiles { base: 75, tile: 150 }),
    ("o3", ImageRule::Tiles { base: 75, tile: 150 }),
    ("o4-mini", ImageRule::Patches { permille: 1720 }),
];

impl ImageRule {
    /// The rule of a model by its base name; that of GPT-4o, GPT-4.1 and GPT-4 Turbo where none is published.
    pub(super) fn of(model: &str) -> Self {
        RULES
            .iter()
            .filter(|(prefix, _)| model.starts_with(prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .map_or(Self::Tiles { base: 85, tile: 170 }, |(_, rule)| *rule)
    }

    /// The tokens of one image. `Auto` counts as `High`, the dearer.
    #[must_use]
    pub fn tokens(self, size: Size, detail: Detail) -> u64 {
        match self {
            Self::Tiles { base, .. } if detail == Detail::Low => u64::from(base),
            Self::Tiles { base, tile } => u64::from(base) + u64::from(tile) * tiles(size),
            Self::Patches { permille } => (patches(size) * u64::from(permille)).div_ceil(1000),
        }
    }

    /// Whether the cost depends on what the provider makes of `detail`.
    pub(super) fn heeds_detail(self) -> bool {
        matches!(self, Self::Tiles { .. })
    }
}

const TILE: f64 = 512.0;
const PATCH: f64 = 32.0;
const MOST_PATCHES: f64 = 1536.0;

fn tiles(size: Size) -> u64 {
    let (width, height) = pixels(size);
    let fit = (2048.0 / width.max(height)).min(1.0);
    let (width, height) = ((width * fit).floor(), (height * fit).floor());
    let shrink = (768.0 / width.min(height)).min(1.0);
    let count = |side: f64| ((side * shrink).floor().max(1.0) / TILE).ceil();
    (count(width) * count(height)) as u64
}

fn patches(size: Size) -> u64 {
    let (width, height) = pixels(size);
    let all = (width / PATCH).ceil() * (height / PATCH).ceil();
    if all <= MOST_PATCHES {
        return all as u64;
    }
    let shrink = (MOST_PATCHES * PATCH * PATCH / (width * height)).sqrt();
    let (across, down) = (width * shrink / PATCH, height * shrink / PATCH);
    // The guide shrinks once more, so that one side is a whole number of patches and the other rounds up.
    let whole = |side: f64| if side < 1.0 { 1.0 } else { side.floor() / side };
    let fit = whole(across).min(whole(down));
    (round_up(across * fit) * round_up(down * fit)).min(MOST_PATCHES) as u64
}

/// Up to the next whole number, but for what is one already within the error of the arithmetic.
fn round_up(count: f64) -> f64 {
    (count - 1e-6).ceil().max(1.0)
}

fn pixels(size: Size) -> (f64, f64) {
    (f64::from(size.width.max(1)), f64::from(size.height.max(1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(model: &str, width: u32, height: u32, detail: Detail, expected: u64) {
        let tokens = ImageRule::of(model).tokens(Size { width, height }, detail);
        assert_eq!(tokens, expected, "{model}: {width} × {height}");
    }

    #[test]
    fn tiles_cost_what_the_guide_says() {
        check("gpt-4o", 1024, 1024, Detail::High, 765);
        check("gpt-4o", 2048, 4096, Detail::High, 1105);
        check("gpt-4o", 4096, 8192, Detail::Low, 85);
        check("gpt-4o-mini-2024-07-18", 1024, 1024, Detail::Low, 2833);
        check("gpt-4o-mini", 512, 512, Detail::High, 8500);
        check("gpt-5", 1024, 1024, Detail::High, 70 + 4 * 140);
        check("o3-2025-04-16", 128, 64, Detail::High, 225);
    }

    #[test]
    fn patches_cost_what_the_guide_says() {
        let one = ImageRule::Patches { permille: 1000 };
        assert_eq!(one.tokens(Size { width: 1024, height: 1024 }, Detail::High), 1024);
        assert_eq!(one.tokens(Size { width: 1800, height: 2400 }, Detail::High), 1452);
        check("gpt-4.1-mini", 1024, 1024, Detail::Auto, 1659);
    }

    /// Bills of `gpt-5-mini` with the text's tokens taken off, as measured through the API (same topic).
    #[test]
    fn patches_cost_what_was_billed() {
        for (width, height, billed) in [
            (256, 256, 77),
            (512, 512, 308),
            (768, 1024, 922),
            (1280, 720, 1104),
            (1024, 1024, 1229),
            (2048, 768, 1844),
        ] {
            check("gpt-5-mini", width, height, Detail::Auto, billed);
        }
    }

    proptest! {
        #[test]
        fn no_size_costs_more_than_the_cap(width in any::<u32>(), height in any::<u32>()) {
            let size = Size { width, height };
            let patches = ImageRule::Patches { permille: 1000 }.tokens(size, Detail::High);
            prop_assert!((1..=1536).contains(&patches));
            // 768 by 2048 is the largest image after scaling: two by four tiles.
            let tiles = ImageRule::Tiles { base: 0, tile: 1 }.tokens(size, Detail::High);
            prop_assert!((1..=8).contains(&tiles));
        }
    }
}
