//! Numbers and dual numbers, as structs of scalars: arrays of one or two would go through integer registers.

use super::lane::Lane;
use super::number::{Number, moved};

/// A number in each lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bare<V>(V);

impl<V: Lane> Number for Bare<V> {
    type Real = V;
    const WIDTH: usize = 1;
    const EXTENDED: bool = false;
    const DIRECTIONS: usize = 0;

    #[inline(always)]
    fn zero() -> Self {
        Bare(V::splat(0.0))
    }
    #[inline(always)]
    fn one() -> Self {
        Bare(V::splat(1.0))
    }
    fn moved(_: &mut [f64], _: impl Fn() -> f64) {}
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Bare(self.0.times(other.0))
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Bare(self.0.plus(other.0))
    }
    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        Bare(self.0.plus_product(a.0, b.0))
    }
    #[inline(always)]
    fn scaled(self, by: V) -> Self {
        Bare(self.0.times(by))
    }
    #[inline(always)]
    fn inverse(self) -> Self {
        Bare(self.0.inverse())
    }
    #[inline(always)]
    fn leading(self) -> V {
        self.0
    }
    #[inline(always)]
    fn top(self) -> V {
        self.0
    }
    fn ln(self, lane: usize) -> f64 {
        self.0.lane(lane).ln()
    }
    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        Bare(V::load(from))
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        self.0.store(to);
    }
}

/// A number and how it moves in one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dual<V>(V, V);

impl<V: Lane> Number for Dual<V> {
    type Real = V;
    const WIDTH: usize = 2;
    const EXTENDED: bool = false;
    const DIRECTIONS: usize = 1;

    #[inline(always)]
    fn zero() -> Self {
        Dual(V::splat(0.0), V::splat(0.0))
    }
    #[inline(always)]
    fn one() -> Self {
        Dual(V::splat(1.0), V::splat(0.0))
    }
    fn moved(to: &mut [f64], _: impl Fn() -> f64) {
        moved::<2>(to, V::LANES);
    }
    #[inline(always)]
    fn times(self, other: Self) -> Self {
        let moves = self.0.times(other.1).plus_product(self.1, other.0);
        Dual(self.0.times(other.0), moves)
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Dual(self.0.plus(other.0), self.1.plus(other.1))
    }
    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        let moves = self.1.plus_product(a.0, b.1).plus_product(a.1, b.0);
        Dual(self.0.plus_product(a.0, b.0), moves)
    }
    #[inline(always)]
    fn scaled(self, by: V) -> Self {
        Dual(self.0.times(by), self.1.times(by))
    }
    #[inline(always)]
    fn inverse(self) -> Self {
        let inverse = self.0.inverse();
        let negative = inverse.times(V::splat(-1.0));
        Dual(inverse, self.1.times(inverse).times(negative))
    }
    #[inline(always)]
    fn leading(self) -> V {
        self.0
    }
    #[inline(always)]
    fn top(self) -> V {
        self.1
    }
    fn ln(self, lane: usize) -> f64 {
        self.0.lane(lane).ln()
    }
    #[inline(always)]
    fn load(from: &[f64]) -> Self {
        let from = &from[..2 * V::LANES];
        Dual(V::load(from), V::load(&from[V::LANES..]))
    }
    #[inline(always)]
    fn store(self, to: &mut [f64]) {
        let to = &mut to[..2 * V::LANES];
        self.0.store(to);
        self.1.store(&mut to[V::LANES..]);
    }
}
