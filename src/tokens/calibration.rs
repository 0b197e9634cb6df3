//! How many tokens a provider counts for one of ours, learnt from the usage it reports.
//!
//! The vocabularies of Anthropic, Gemini, Llama and others are not public, so their counts are ours times a
//! ratio. This is the arithmetic only: a pure fold in integers, equal on every worker and machine. Where the
//! state lives and when it is fed is somebody else's business.
//!
//! A sample moves the ratio by a part of its error, first an eighth and later a sixty-fourth, and the error is
//! cut off at the usual one (Huber's estimator). So a wrong report, or a retried request counted twice,
//! moves little, and a real change of the vocabulary is followed. With one report in ten wild and the others
//! spread by a tenth, the ratio is within 2 % after [`CONVERGED`] samples; the tests show it.

/// A ratio in units of 2⁻¹⁶.
const ONE: i64 = 1 << 16;
/// No vocabulary in use differs more from ours on ordinary text; a report beyond is cut off here.
const LEAST: i64 = ONE / 4;
const GREATEST: i64 = ONE * 4;
/// Smaller requests are mostly framing, whose cost is not in proportion to the text.
const LEAST_TOKENS: u64 = 32;
/// The weight of one sample in the long run is one in so many.
const MEMORY: i64 = 64;
/// And one in so many at first. A plain mean would start at one and never forget a wild first report.
const YOUNG: i64 = 8;
/// The usual error never counts as less than one in so many, or an exact streak would lock the ratio in.
const LEAST_SPREAD: i64 = ONE / 64;

/// The number of samples after which the ratio is trustworthy.
pub const CONVERGED: u32 = 300;

/// What has been learnt about one provider's model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// Their tokens per one of ours.
    ratio: i64,
    /// The usual distance of a sample from the ratio.
    spread: i64,
    samples: u32,
}

impl Calibration {
    /// The number of bytes of [`Self::to_bytes`].
    pub const BYTES: usize = 12;

    /// Starts from a configured guess in thousandths: 1000 says that the provider counts as we do. Values out of
    /// the range 250 to 4000 are taken as its nearer end.
    #[must_use]
    pub fn starting_at(permille: u32) -> Self {
        let ratio = (i64::from(permille) * ONE / 1000).clamp(LEAST, GREATEST);
        Self { ratio, spread: ratio / 4, samples: 0 }
    }

    /// Takes in that the provider reported so many prompt tokens where we counted so many.
    #[must_use]
    pub fn observe(self, counted: u64, reported: u64) -> Self {
        let Some(sample) = ratio(counted, reported) else { return self };
        let weight = (i64::from(self.samples) / 4).clamp(YOUNG, MEMORY);
        let error = sample - self.ratio;
        let cut = error.clamp(-self.spread, self.spread);
        Self {
            ratio: (self.ratio + cut / weight).clamp(LEAST, GREATEST),
            // It may double per sample at most early on, and always recovers from a bad streak.
            spread: (self.spread + (error.abs().min(4 * self.spread) - self.spread) / weight)
                .max(LEAST_SPREAD),
            samples: self.samples.saturating_add(1),
        }
    }

    /// What the provider will presumably count where we count so many.
    #[must_use]
    pub fn estimate(self, counted: u64) -> u64 {
        let scaled = u128::from(counted) * u128::from(self.ratio.unsigned_abs());
        u64::try_from((scaled + u128::from(ONE.unsigned_abs()) / 2) >> 16).unwrap_or(u64::MAX)
    }

    /// How far the estimate was off, in thousandths of what the provider reported: positive where it was too
    /// high. None for samples that [`Self::observe`] ignores.
    #[must_use]
    pub fn error_permille(self, counted: u64, reported: u64) -> Option<i64> {
        ratio(counted, reported)?;
        let difference = i128::from(self.estimate(counted)) - i128::from(reported);
        i64::try_from(difference * 1000 / i128::from(reported)).ok()
    }

    /// The number of samples taken in; from [`CONVERGED`] on the ratio is trustworthy.
    #[must_use]
    pub fn samples(self) -> u32 {
        self.samples
    }

    /// Their tokens per thousand of ours.
    #[must_use]
    pub fn ratio_permille(self) -> u32 {
        u32::try_from((self.ratio * 1000 + ONE / 2) >> 16).unwrap_or(u32::MAX)
    }

    /// The fixed form for a cell of shared data: ratio, spread and samples, little-endian.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let words = [self.ratio as u32, self.spread as u32, self.samples];
        for (field, word) in bytes.chunks_exact_mut(4).zip(words) {
            field.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads [`Self::to_bytes`] back; none if the bytes cannot be its result.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let mut words = bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word));
        let (ratio, spread, samples) = (i64::from(words.next()?), i64::from(words.next()?), words.next()?);
        let sound = (LEAST..=GREATEST).contains(&ratio) && (LEAST_SPREAD..=4 * GREATEST).contains(&spread);
        sound.then_some(Self { ratio, spread, samples })
    }
}

/// Their tokens per one of ours in one sample; none if the sample is too small or empty.
fn ratio(counted: u64, reported: u64) -> Option<i64> {
    if counted < LEAST_TOKENS || reported == 0 {
        return None;
    }
    let ratio = (u128::from(reported) << 16) / u128::from(counted);
    Some(i64::try_from(ratio).unwrap_or(i64::MAX).clamp(LEAST, GREATEST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reports of a provider that counts `truth` times ours, spread by a tenth, one in ten wild.
    fn reports(truth: f64, seed: u64) -> impl Iterator<Item = (u64, u64)> {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        };
        std::iter::repeat_with(move || {
            let counted = 50 + (next() * 5000.0) as u64;
            let wild = next() < 0.1;
            let factor =
                if wild { [0.01, 20.0][usize::from(next() < 0.5)] } else { truth * (0.9 + 0.2 * next()) };
            (counted, (counted as f64 * factor) as u64)
        })
    }

    fn learnt(start: u32, truth: f64, seed: u64, samples: usize) -> f64 {
        let start = Calibration::starting_at(start);
        let learnt = reports(truth, seed)
            .take(samples)
            .fold(start, |state, (ours, theirs)| state.observe(ours, theirs));
        learnt.estimate(1_000_000) as f64 / 1e6
    }

    #[test]
    fn it_converges_within_two_percent_after_the_documented_number_of_samples() {
        for truth in [0.5, 0.8, 1.0, 1.15, 1.4, 2.0, 3.0] {
            for start in [1000, 1200] {
                let errors = (0..50).map(|seed| learnt(start, truth, seed, CONVERGED as usize) / truth - 1.0);
                let worst = errors.fold(0.0, |worst: f64, error| worst.max(error.abs()));
                assert!(worst < 0.02, "truth {truth}, start {start}: {worst}");
            }
        }
    }

    #[test]
    fn one_wild_report_moves_a_settled_ratio_by_less_than_two_percent() {
        let settled = (0..300).fold(Calibration::starting_at(1000), |state, _| state.observe(1000, 1200));
        let after = settled.observe(1000, 1_000_000);
        assert!(after.estimate(10_000) < settled.estimate(10_000) * 102 / 100);
    }

    #[test]
    fn a_new_vocabulary_is_followed() {
        let old = (0..500).fold(Calibration::starting_at(1000), |state, _| state.observe(1000, 1000));
        let new = (0..400).fold(old, |state, _| state.observe(1000, 1300));
        assert!((1274..=1326).contains(&new.estimate(1000)), "{new:?}");
    }

    #[test]
    fn small_and_empty_samples_are_ignored() {
        let start = Calibration::starting_at(1100);
        assert_eq!(start.observe(31, 90), start);
        assert_eq!(start.observe(1000, 0), start);
        assert_eq!(start.error_permille(1000, 0), None);
        assert_eq!(start.error_permille(1000, 1000), Some(100));
    }

    proptest! {
        #[test]
        fn any_history_stays_in_range_and_survives_its_encoding(
            start in any::<u32>(),
            samples in prop::collection::vec((any::<u64>(), any::<u64>()), 0..50),
        ) {
            let state = samples.iter().fold(Calibration::starting_at(start), |state, (ours, theirs)| state.observe(*ours, *theirs));
            prop_assert!((250..=4000).contains(&state.ratio_permille()));
            prop_assert!((250..=4000).contains(&state.estimate(1000)));
            prop_assert_eq!(Calibration::from_bytes(&state.to_bytes()), Some(state));
        }
    }

    #[test]
    fn bytes_that_no_state_has_are_refused() {
        assert_eq!(Calibration::from_bytes(&[0; Calibration::BYTES]), None);
        assert_eq!(Calibration::from_bytes(&[0xFF; Calibration::BYTES]), None);
    }
}
