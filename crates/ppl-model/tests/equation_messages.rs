//! What is said about differential equations that cannot be used.

mod common;

use common::check;

#[test]
fn equations() {
    check(
        &[
            (
                "data t[row]: real;\nlet n[row] = ode(f, 1, 0, t);",
                "E0103",
                "2:18",
                "is a function of the file",
                "fn f",
            ),
            (
                "data t[row]: real;\nfn f(t, y, a) = -a * y;\nlet n[row] = ode(f, 1, 0, t);",
                "E0106",
                "3:18",
                "`ode` passes 2",
                "give 1 more",
            ),
            (
                "data t[row]: real;\nfn f(t, y) = -y;\nlet n[row] = ode(f, 1, 0);",
                "E0106",
                "3:14",
                "the times",
                "ode(f, y0, t0, times",
            ),
            (
                "axis a = 2; axis b = 2; data t[a, b]: real;\nfn f(t, y) = -y;\nlet n = ode(f, 1, 0, t);",
                "E0109",
                "3:22",
                "one axis of their own",
                "looked up for each line",
            ),
            (
                "axis s = 2; data t[row]: real;\nfn f(t, y[s]) = y;\nlet n[row, s] = ode(f, 1, 0, t);",
                "E0109",
                "3:24",
                "takes this along `s`",
                "",
            ),
            (
                "data t[row]: real;\nfn f(t, y) = -y;\nlet n[row] = ode(f, 1, 0, t, tol = 1e-3);",
                "E0106",
                "3:30",
                "no argument `tol`",
                "rtol",
            ),
            (
                "data t[row]: real;\nfn f(t, y) = -y;\nlet n[row] = ode(f, 1, 0, t, rtol = 2);",
                "E0106",
                "3:37",
                "between 0 and 1",
                "1e-8",
            ),
        ],
        None,
    );
}
