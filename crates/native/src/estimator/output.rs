//! The methods an estimator has and the shapes of what they answer, as a model's signature tells them.

use pelton_core::DType;

/// The methods of scikit-learn that are outputs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Method {
    /// Labels or numbers.
    Predict,
    /// Probabilities of the classes.
    PredictProba,
    /// Scores before they become probabilities.
    DecisionFunction,
    /// How usual a row is.
    ScoreSamples,
    /// The transformed row.
    Transform,
}

/// A set of [`Method`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods(u8);

/// What a method answers for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    Vector,
    /// This many values.
    Matrix(usize),
    /// Several matrices of these widths, one a target (`predict_proba` of several targets).
    Several(Vec<usize>),
}

/// One method an estimator has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Which.
    pub method: Method,
    /// The shape of a row's answer.
    pub shape: Shape,
    /// The type of numbers for 64-bit input: `Fp64`; `Fp32` of XGBoost, `Int64` of votes. Labels
    /// have their own.
    pub dtype: DType,
}

impl Method {
    /// Every method, in the order outputs are listed.
    pub const ALL: [Self; 5] = [
        Self::Predict,
        Self::PredictProba,
        Self::DecisionFunction,
        Self::ScoreSamples,
        Self::Transform,
    ];

    /// scikit-learn's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::PredictProba => "predict_proba",
            Self::DecisionFunction => "decision_function",
            Self::ScoreSamples => "score_samples",
            Self::Transform => "transform",
        }
    }
}

impl Methods {
    /// No method.
    pub const NONE: Self = Self(0);

    /// One method.
    pub const fn only(method: Method) -> Self {
        Self(1 << method as u8)
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, method: Method) -> Self {
        Self(self.0 | 1 << method as u8)
    }

    /// Whether a method is among them.
    pub const fn has(self, method: Method) -> bool {
        self.0 & 1 << method as u8 != 0
    }
}

impl Output {
    /// A method that answers 64-bit floats or labels.
    pub(crate) fn new(method: Method, shape: Shape) -> Self {
        Self { method, shape, dtype: DType::Fp64 }
    }
}

impl Shape {
    /// Values of a row's answer.
    pub fn width(&self) -> usize {
        match self {
            Self::Vector => 1,
            Self::Matrix(width) => *width,
            Self::Several(widths) => widths.iter().sum(),
        }
    }
}
