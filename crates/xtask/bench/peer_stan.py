"""Stan on a benchmark problem: python peer_stan.py PROBLEM DATA.csv DRAWS

Prints the process-CPU seconds that stanc and the C++ compiler took for the program (0 when it was there), and the compiler's flags;
then, for each line that it reads, the process-CPU microseconds of DRAWS gradients of the log density, and that density with its Jacobian
at the unconstrained origin: the program runs once for each. All are lines of JSON. The density is NumPyro's at that point: both map ordered vectors and simplexes (by stick-breaking) alike, and
the programs add log 2 for each half of a distribution.

Stan 2.35 comes out of the wheel of httpstan; it needs a C++ compiler ($CXX, or g++). Each program is built with and without
-march=native, once, into the folder `stan` beside the data, and the faster of the two is kept. Stan's header is precompiled
there too, as CmdStan does (0.8 GB for each of the two); that takes longer than a program, and is not counted.
"""
import csv
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

problem, path, draws = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
here = Path(__file__).resolve().parent
program, driver = here / "stan" / f"{problem}.stan", here / "peer_stan.cpp"
cache = path.absolute().parent / "stan"
package = importlib.util.find_spec("httpstan")
if package is None:
    sys.exit(f"{sys.executable} has no httpstan: `pip install httpstan==4.13.0`")
httpstan = Path(package.origin).parent
compiler = os.environ.get("CXX", "g++")

# As httpstan compiles, but without STAN_THREADS: thread-local storage of the tape makes one thread slower.
FLAGS = ["-std=c++17", "-D_REENTRANT", "-DBOOST_DISABLE_ASSERTS", "-DBOOST_PHOENIX_NO_VARIADIC_EXPRESSION"]
FLAGS += ["-D_GLIBCXX_USE_CXX11_ABI=0", "-ftemplate-depth=1024", "-w", "-I", str(httpstan / "include")]
CANDIDATES = ["-O3", "-O3 -march=native"]
# Columns of group numbers, which begin at 0 in the tables and at 1 in Stan.
LABELS = {"g", "h", "p", "q", "s", "d", "w"}


def run(*command):
    """What a command prints; its first error ends the script."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode == 0:
        return done.stdout
    sys.stderr.write(done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
    first = next((line for line in lines if "rror" in line), lines[-1])
    sys.exit(f"{Path(command[0]).name} failed: {first.strip()}")


def compiler_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def digest(*parts):
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def data():
    """The table as Stan's JSON: N rows, each column, the matrix X of D columns x0, x1, …, the number n_g of groups g."""
    target = cache / f"{problem}.data.json"
    if target.exists() and target.stat().st_mtime >= path.stat().st_mtime:
        return target
    with open(path) as file:
        reader = csv.reader(file)
        names = next(reader)
        rows = [[float(cell) for cell in row] for row in reader]
    found = {"N": len(rows)}
    matrix = [i for i, name in enumerate(names) if name[0] == "x" and name[1:].isdigit()]
    if matrix:
        found |= {"D": len(matrix), "X": [[row[i] for i in matrix] for row in rows]}
    for i, name in enumerate(names):
        if i in matrix:
            continue
        column = [row[i] for row in rows]
        if all(value.is_integer() for value in column):
            column = [int(value) for value in column]
        if name in LABELS:
            column = [value + 1 for value in column]
            found[f"n_{name}"] = max(column)
        found[name] = column
    write(target, json.dumps(found))
    return target


def write(target, text):
    """All of it or nothing, should the script be stopped."""
    part = target.with_suffix(".part")
    part.write_text(text)
    part.replace(target)


def compile_to(target, *arguments):
    part = target.with_suffix(".part")
    run(compiler, *arguments, "-o", part)
    part.replace(target)


def header(flags):
    """The folder of Stan's header, precompiled for these flags; it has to come first among the include paths."""
    folder = cache / f"header-{digest(versions, *FLAGS, flags)}"
    compiled = folder / "stan" / "model" / "model_header.hpp.gch"
    if not compiled.exists():
        compiled.parent.mkdir(parents=True, exist_ok=True)
        source = httpstan / "include" / "stan" / "model" / "model_header.hpp"
        compile_to(compiled, *FLAGS, *flags.split(), "-x", "c++-header", source)
    return folder


def build(flags):
    """A binary of the program with these flags, and the seconds that the program itself took."""
    parts = ["-I", header(flags), *FLAGS, *flags.split()]
    driver_object = cache / f"driver-{digest(key, flags)}.o"
    if not driver_object.exists():
        compile_to(driver_object, *parts, "-c", driver)
    before = compiler_seconds()
    binary = cache / f"{problem}-{digest(key, program.read_text(), flags)}"
    generated = cache / f"{problem}.cpp"
    run(httpstan / "stanc", "--O1", f"--name={problem}_model", f"--o={generated}", program)
    library = httpstan / "lib"
    libraries = [*sorted(library.glob("*.a")), *sorted(library.glob("libtbb.*"))[:1]]
    compile_to(binary, *parts, generated, driver_object, *libraries, f"-Wl,-rpath,{library}", "-lpthread")
    return binary, compiler_seconds() - before


def time(binary, draws):
    return json.loads(run(binary, data(), draws))


def choose():
    """Builds all candidates; the fastest stays, with a note of its flags."""
    for old in cache.glob(f"{problem}-*"):
        old.unlink()
    built = []
    for flags in CANDIDATES:
        binary, seconds = build(flags)
        fastest = min(time(binary, 1)["gradient_us"] for _ in range(3))
        built.append((fastest, str(binary), flags, seconds))
    built.sort()
    for _, binary, _, _ in built[1:]:
        Path(binary).unlink()
    _, binary, flags, seconds = built[0]
    return {"binary": Path(binary).name, "flags": flags, "seconds": seconds}


if not program.exists():
    sys.exit(f"there is no Stan program of `{problem}`")
if not shutil.which(compiler):
    sys.exit(f"Stan needs a C++ compiler and there is no `{compiler}`: `apt install g++`, or set CXX")
cache.mkdir(parents=True, exist_ok=True)
# What the compiler would run with -march=native names its version and this processor.
asked = [compiler, "-march=native", "-###", "-E", "-x", "c++", os.devnull]
versions = importlib.metadata.version("httpstan") + subprocess.run(asked, capture_output=True, text=True).stderr
key = digest(driver.read_text(), versions, *FLAGS, *CANDIDATES)
note = cache / f"{problem}-{digest(key, program.read_text())}.json"
compiled = 0
if not note.exists():
    chosen = choose()
    write(note, json.dumps(chosen))
    compiled = chosen["seconds"]
chosen = json.loads(note.read_text())
print(json.dumps({"compile_s": round(compiled, 2), "flags": chosen["flags"]}), flush=True)
for _ in sys.stdin:
    print(json.dumps(time(cache / chosen["binary"], draws)), flush=True)
