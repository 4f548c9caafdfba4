//! Axes and sets of them.

/// Number of an axis in its program. Axes are numbered so that ascending order is memory order, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AxisId(pub u8);

/// The Monte Carlo draw: always axis 0, so always outermost.
pub const DRAW: AxisId = AxisId(0);

/// An axis of a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Name, for printing.
    pub name: String,
    /// Number of elements.
    pub size: usize,
}

/// A set of axes as a bit mask; a program has at most 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct AxisSet(pub u64);

impl AxisSet {
    /// No axis: a scalar.
    pub const EMPTY: AxisSet = AxisSet(0);

    /// The set of these axes.
    pub fn of(axes: &[AxisId]) -> Self {
        axes.iter().fold(Self::EMPTY, |s, &a| s.with(a))
    }
    /// With one more axis.
    pub fn with(self, a: AxisId) -> Self {
        AxisSet(self.0 | 1 << a.0)
    }
    /// Without an axis.
    pub fn without(self, a: AxisId) -> Self {
        AxisSet(self.0 & !(1 << a.0))
    }
    /// In either.
    pub fn union(self, o: Self) -> Self {
        AxisSet(self.0 | o.0)
    }
    /// In both.
    pub fn intersection(self, o: Self) -> Self {
        AxisSet(self.0 & o.0)
    }
    /// In the first only.
    pub fn minus(self, o: Self) -> Self {
        AxisSet(self.0 & !o.0)
    }
    /// Whether all of `o` are in it.
    pub fn contains_all(self, o: Self) -> bool {
        o.0 & !self.0 == 0
    }
    /// Whether it holds that axis.
    pub fn contains(self, a: AxisId) -> bool {
        self.0 >> a.0 & 1 == 1
    }
    /// How many.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }
    /// Whether it is a scalar's.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// In memory order, outermost first.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = AxisId> {
        (0..64u8).filter(move |i| self.0 >> i & 1 == 1).map(AxisId)
    }
    /// The innermost axis.
    pub fn innermost(self) -> Option<AxisId> {
        (self.0 != 0).then(|| AxisId(63 - self.0.leading_zeros() as u8))
    }
}
