//! The neutral description of a tree ensemble that every reader fills in.
//!
//! Holds what the libraries mean, not how an engine lays it out. Must not decide anything by the
//! name of a library beyond [`CategoryCast`], which is a rule of value conversion.

/// An ensemble as a reader found it; [`Forest::new`](super::Forest::new) checks it and picks engines.
///
/// A row's answer for output `k` is `initial[k]` plus the leaf values of the trees that speak for
/// `k`, added one after the other in tree order in the precision of `sum`, then divided by
/// `divisor` where there is one.
#[derive(Clone, Debug)]
pub struct Ensemble {
    /// Features a row has; splits refer to them by index.
    pub n_features: usize,
    /// Values an answer has per row.
    pub n_outputs: usize,
    /// What an input value becomes before it is compared.
    pub input: Input,
    /// The precision sums are kept in.
    pub sum: Sum,
    /// Where each output's sum starts; `n_outputs` values.
    pub initial: Vec<f64>,
    /// A forest's number of trees; `None` for boosting.
    pub divisor: Option<f64>,
    /// How the values of categorical features become category numbers.
    pub category_cast: CategoryCast,
    /// The trees in the order they are added up.
    pub trees: Vec<Tree>,
}

impl Ensemble {
    /// Divides rows' sums where the ensemble averages.
    pub(super) fn divide(&self, sums: &mut [f64]) {
        if let Some(divisor) = self.divisor {
            for sum in sums {
                *sum /= divisor;
            }
        }
    }
}

/// One tree. Node 0 is the root; nodes nobody points to are ignored (pruning leaves such nodes).
#[derive(Clone, Debug)]
pub struct Tree {
    /// Splits and leaves.
    pub nodes: Vec<Node>,
    /// The leaves' values, one per leaf (`Outputs::One`) or `n_outputs` per leaf (`Outputs::All`).
    pub leaf_values: Vec<f64>,
    /// The outputs this tree adds to.
    pub outputs: Outputs,
}

/// The outputs a tree speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// One value per leaf, for this output (boosting: one tree per class).
    One(u32),
    /// One value per leaf and output (scikit-learn's classification forests).
    All,
}

/// A node of a [`Tree`].
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A numeric test.
    Numeric(NumericSplit),
    /// A test for membership in a set of categories.
    Category(CategorySplit),
    /// The leaf with this number: its values are `leaf_values[leaf * width..][..width]`.
    Leaf(u32),
}

/// "Go left if the value is below the threshold", with a rule for missing values.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericSplit {
    /// Index of the feature.
    pub feature: u32,
    /// The threshold as the file has it; an f32 threshold widened is exact. Not NaN.
    pub threshold: f64,
    /// Which comparison sends a row left.
    pub compare: Compare,
    /// Where missing values go.
    pub missing: Missing,
    /// Node for rows that pass the test.
    pub left: u32,
    /// Node for the others.
    pub right: u32,
}

/// "Go to one side if the category is listed, else to the other", with a rule for missing values.
#[derive(Clone, Debug, PartialEq)]
pub struct CategorySplit {
    /// Index of the feature.
    pub feature: u32,
    /// The listed categories, ascending.
    pub categories: Vec<u32>,
    /// Whether listed categories go left (LightGBM) or right (XGBoost).
    pub listed_left: bool,
    /// Whether missing values go left.
    pub missing_left: bool,
    /// The left node.
    pub left: u32,
    /// The right node.
    pub right: u32,
}

/// The comparison that sends a row left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `value <= threshold` (scikit-learn, LightGBM).
    LessOrEqual,
    /// `value < threshold` (XGBoost).
    Less,
}

/// Where a numeric split sends missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// NaN goes left.
    NanLeft,
    /// NaN goes right; also what a plain comparison does with NaN.
    NanRight,
    /// NaN and what LightGBM calls zero (`|value| <= 1e-35f`) go left.
    ZeroLeft,
    /// NaN and zero go right.
    ZeroRight,
    /// NaN counts as 0.0 (LightGBM without missing values).
    NanAsZero,
}

/// What an input value becomes before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Rounded to the nearest f32 (scikit-learn's trees, XGBoost).
    F32,
    /// Taken as f64 (LightGBM, HistGradientBoosting).
    F64,
}

/// The precision sums are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// f32 (XGBoost).
    F32,
    /// f64 (everyone else).
    F64,
}

/// How a value of a categorical feature becomes a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryCast {
    /// NaN is missing; negative values and those from 2^24 + 1 up are no category; fractions are cut.
    XGBoost,
    /// NaN is missing; fractions are cut, then negative values and those beyond i32 are no category.
    LightGbm,
    /// NaN and negative values are missing; the rest is cut to an integer of which 8 bits count.
    HistGradientBoosting,
    /// scikit-learn before 1.2: only NaN is missing; the rest is cut to an integer of which 8 bits count,
    /// so -255 is 1.
    OldHistGradientBoosting,
}

/// What a value of a categorical feature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Missing,
    None,
    Number(u32),
}

/// LightGBM's zero: `kZeroThreshold`, an f32 constant compared as f64.
const ZERO: f64 = 1e-35_f32 as f64;

/// Whether LightGBM calls this value zero.
pub(super) fn is_zero(value: f64) -> bool {
    (-ZERO..=ZERO).contains(&value)
}

impl CategoryCast {
    pub(super) fn category(self, value: f64) -> Category {
        if value.is_nan() {
            return Category::Missing;
        }
        match self {
            Self::XGBoost if !(0.0..16_777_217.0).contains(&value) => Category::None,
            Self::LightGbm if value <= -1.0 || value >= 2_147_483_648.0 => Category::None,
            Self::XGBoost | Self::LightGbm => Category::Number(value as u32),
            Self::HistGradientBoosting if value < 0.0 => Category::Missing,
            // A C cast to u8 as x86 does it: through i32, where what does not fit is i32::MIN.
            Self::HistGradientBoosting if value >= 2_147_483_648.0 => Category::Number(0),
            Self::HistGradientBoosting => Category::Number(value as u32 & 0xff),
            Self::OldHistGradientBoosting if value.abs() >= 2_147_483_648.0 => Category::Number(0),
            Self::OldHistGradientBoosting => Category::Number(value as i32 as u32 & 0xff),
        }
    }
}

impl NumericSplit {
    /// Whether a missing value (NaN, or zero where zero is missing) goes left.
    pub(super) fn missing_left(&self) -> bool {
        match self.missing {
            Missing::NanLeft | Missing::ZeroLeft => true,
            Missing::NanRight | Missing::ZeroRight => false,
            Missing::NanAsZero => self.passes(0.0),
        }
    }

    /// Whether zero counts as missing.
    pub(super) fn zero_is_missing(&self) -> bool {
        matches!(self.missing, Missing::ZeroLeft | Missing::ZeroRight)
    }

    /// The bare comparison.
    pub(super) fn passes(&self, value: f64) -> bool {
        match self.compare {
            Compare::LessOrEqual => value <= self.threshold,
            Compare::Less => value < self.threshold,
        }
    }
}
