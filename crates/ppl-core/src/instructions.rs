//! Loops for the vector instructions that the machine has.

/// A function that is compiled for the baseline and for the vector instructions that the machine may have. Its body is generic
/// over the columns of a register tile and over whether products are added in one rounding.
macro_rules! for_instructions {
    ($(#[$doc:meta])* $vis:vis $name:ident = $body:ident($($arg:ident: $type:ty),* $(,)?) -> $out:ty) => {
        $(#[$doc])*
        $vis fn $name($($arg: $type),*) -> $out {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $type),*) -> $out {
                    $body::<8, true>($($arg),*)
                }
                #[target_feature(enable = "avx512f,avx2,fma")]
                fn avx512($($arg: $type),*) -> $out {
                    $body::<16, true>($($arg),*)
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    if is_x86_feature_detected!("avx512f") {
                        // SAFETY: the machine has the instructions.
                        return unsafe { avx512($($arg),*) };
                    }
                    // SAFETY: as above.
                    return unsafe { avx2($($arg),*) };
                }
            }
            $body::<4, false>($($arg),*)
        }
    };
}
pub(crate) use for_instructions;
