use std::fmt;

/// Protected health information: a value that must not reach a log, a metric, an error text, a URL or
/// a queue attribute.
///
/// There is no `Display`; `Debug` prints `[PHI]`. Only [`Phi::expose_phi`] and [`Phi::into_phi`] open
/// it, so that every place where PHI leaves its wrapper can be found by searching for `_phi(`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Opens the value for reading.
    pub const fn expose_phi(&self) -> &T {
        &self.0
    }

    /// Takes the value out.
    pub fn into_phi(self) -> T {
        self.0
    }

    /// Applies a function to the value and wraps the result again.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Phi<U> {
        Phi(f(self.0))
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

impl<T> From<T> for Phi<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
